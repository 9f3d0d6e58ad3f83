#!/usr/bin/env python3
"""Clients ask without end while engines, model files and corral itself come to harm.

    tests/chaos/run chaos.py --kills 1000 [--seconds N] [--clients N] [--seed N]

Ends with 1 if a request was lost, a stream ended silently or a process outlived corral.
"""

import argparse
import os
import random
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../e2e"))

from binaries import binaries  # noqa: E402
from clients import Client  # noqa: E402
from era import Eras  # noqa: E402
from fake import FakeEngine  # noqa: E402
from mischief import Mischief  # noqa: E402
from models import Models  # noqa: E402
from service import Home  # noqa: E402
from tally import OUTCOMES, Tally  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=40, help="evil deeds before the end")
    parser.add_argument("--seconds", type=float, default=0, help="end after this long, if not 0")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--pause", type=float, default=0.5, help="longest pause between two deeds")
    parser.add_argument("--why", action="store_true", help="print what clients were told")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    return parser.parse_args()


def rage(options, eras, mischief, clients):
    """Evil deeds until there have been enough."""
    chance = random.Random(f"{options.seed}/pauses")
    began = time.monotonic()
    while mischief.done.total() < options.kills:
        if options.seconds and time.monotonic() - began > options.seconds:
            break
        if not all(client.is_alive() for client in clients):
            raise AssertionError("a client has ended: its exception is above")
        mischief.settle()
        mischief.one()
        time.sleep(chance.uniform(0, options.pause))


def report(tally, eras, mischief, seconds, seed):
    print(f"chaos: {mischief.done.total()} deeds in {seconds:.0f} s, seed {seed}")
    for kind, count in mischief.done.most_common():
        print(f"  {count:6} {kind}")
    print(f"  {tally.requests():6} requests")
    for outcome, meaning in OUTCOMES.items():
        print(f"  {tally.outcomes[outcome]:6} {outcome} ({meaning})")
    print(f"  {eras.replayed:6} replayed by corral, as far as its counters could be read")
    print(f"  {eras.continued:6} continued: times that a stream went on with a new engine, unnoticed by its client")
    print(f"  {eras.count:6} times started; {len(eras.faults)} ended badly")
    print(f"  {len(eras.orphans):6} orphans (processes that outlived corral)")
    print(f"  {len(eras.left):6} left files and sockets")
    for line in [*tally.details, *eras.orphans, *eras.left, *eras.faults]:
        print("  !!", line)
    return tally.bad() + len(eras.orphans) + len(eras.left) + len(eras.faults)


def main():
    options = arguments()
    corral, fake = binaries()
    home = Home(corral)
    models = Models(home, FakeEngine(fake))
    eras = Eras(home, models.config)
    tally = Tally()
    over = threading.Event()
    mischief = Mischief(options.seed, home, eras, models)
    began = time.monotonic()
    eras.begin()
    clients = [Client(n, options.seed, eras, models, tally, over) for n in range(options.clients)]
    for client in clients:
        client.start()
    bad = 1
    try:
        rage(options, eras, mischief, clients)
        over.set()
        mischief.settle(all_of_it=True)
        for client in clients:
            client.join()
        eras.current.terminate()
        eras.end()
        bad = report(tally, eras, mischief, time.monotonic() - began, options.seed)
        for (outcome, why), count in tally.reasons.most_common() if options.why else ():
            print(f"  {count:6} {outcome}: {why}")
    finally:
        if bad:
            home.kill_all()
            print(f"chaos: what corral said is in {home.folder}/stderr.*")
        else:
            home.remove()
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
