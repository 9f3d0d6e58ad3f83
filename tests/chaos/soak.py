#!/usr/bin/env python3
"""Swaps and streams without end; what corral uses must be flat.

    tests/chaos/run soak.py --minutes 30 [--clients N] [--every SECONDS]

Ends with 1 if the last quarter has more memory, descriptors or threads than the second one, by
more than samples.py tolerates, or if a request was not answered.
"""

import argparse
import os
import random
import re
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../e2e"))

import httpx2  # noqa: E402

from binaries import binaries  # noqa: E402
from clients import Client  # noqa: E402
from era import Eras  # noqa: E402
from fake import FakeEngine  # noqa: E402
from models import Models  # noqa: E402
from samples import Sampler  # noqa: E402
from service import Home  # noqa: E402
from tally import OUTCOMES, Tally  # noqa: E402

STARTS = re.compile(r"^corral_engine_starts_total\{.*\} (\d+)$", re.M)
WELL_BEHAVED = ("fast", "slow", "flood")


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--clients", type=int, default=6)
    parser.add_argument("--every", type=float, default=2, help="seconds between two samples")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    return parser.parse_args()


class Restless(threading.Thread):
    """Leaves streams behind and asks for what there is not, so that those ways are soaked too."""

    def __init__(self, seed, url, over):
        super().__init__(name="restless", daemon=True)
        self.chance = random.Random(f"{seed}/restless")
        self.url = url
        self.over = over
        self.left = 0
        self.mistaken = 0

    def run(self):
        with httpx2.Client(base_url=self.url, trust_env=False, timeout=60) as http:
            while not self.over.wait(0.2):
                if self.chance.random() < 0.3:
                    reply = http.post("/v1/chat/completions", json={"model": "none such"})
                    assert reply.status_code == 404
                    self.mistaken += 1
                    continue
                model = self.chance.choice(("tiny", "slow"))
                body = {"model": model, "stream": True,
                        "messages": [{"role": "user", "content": "Hello"}]}
                with http.stream("POST", "/v1/chat/completions", json=body) as reply:
                    next(reply.iter_lines())
                self.left += 1


def starts(era):
    return sum(map(int, STARTS.findall(era.corral.http.get("/metrics").text)))


def soak(options, home, eras, models):
    tally = Tally()
    over = threading.Event()
    sampler = Sampler(eras.current.pid, options.every, over)
    restless = Restless(options.seed, eras.current.url, over)
    clients = [Client(n, options.seed, eras, models, tally, over) for n in range(options.clients)]
    threads = [sampler, restless, *clients]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    while time.monotonic() - began < options.minutes * 60 and all(t.is_alive() for t in threads):
        over.wait(1)
    bad = sum(not thread.is_alive() for thread in threads)
    over.set()
    for thread in threads:
        thread.join()
    swaps = starts(eras.current)
    eras.current.terminate()
    eras.end()
    print(f"soak: {time.monotonic() - began:.0f} s, {tally.requests()} requests, {swaps} engines "
          f"started, {restless.left} streams left behind, {restless.mistaken} requests for no "
          f"model, {len(sampler.samples)} samples, seed {options.seed}")
    for outcome, count in tally.outcomes.items():
        print(f"  {count:6} {outcome} ({OUTCOMES[outcome]})")
    for (outcome, why), count in tally.reasons.most_common(20):
        print(f"  !! {count} {outcome}: {why}")
    bad += tally.requests() - tally.outcomes["answered"] - tally.outcomes["left"]
    bad += sampler.report()
    for line in [*eras.orphans, *eras.left, *eras.faults]:
        print("  !! left behind:", line)
    return bad + len(eras.orphans) + len(eras.left) + len(eras.faults)


def main():
    options = arguments()
    corral, fake = binaries()
    home = Home(corral)
    models = Models(home, FakeEngine(fake), fakes=WELL_BEHAVED)
    eras = Eras(home, models.config)
    eras.begin()
    bad = 1
    try:
        bad = soak(options, home, eras, models)
    finally:
        if bad:
            home.kill_all()
            print(f"soak: what corral said is in {home.folder}/stderr*")
        else:
            home.remove()
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
