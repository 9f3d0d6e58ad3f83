"""One corral after another: an era is the life of one `corral serve`, from start to end."""

import os
import re
import signal
import time

import processes
from service import Corral
from waiting import eventually

REPLAYED = re.compile(r"^corral_requests_replayed_total\{.*\} (\d+)$", re.M)
CONTINUED = re.compile(r"^corral_streams_continued_total\{.*\} (\d+)$", re.M)
# A request that was on its way when corral was told to stop may find the door closed.
ON_ITS_WAY = 0.25


class Era:
    """`killed` and `told` are when kill -9 and the first SIGTERM came, if they have."""

    def __init__(self, home, config):
        self.corral = Corral(home, config)
        self.pid = self.corral.pid
        self.url = self.corral.url
        self.killed = None
        self.told = None
        self.replayed = 0
        self.continued = 0

    def sample(self):
        """Keeps the counters that die with corral."""
        text = self.corral.http.get("/metrics").text
        self.replayed = sum(map(int, REPLAYED.findall(text)))
        self.continued = sum(map(int, CONTINUED.findall(text)))

    def kill(self):
        self.sample()
        self.killed = time.monotonic()
        os.kill(self.pid, signal.SIGKILL)

    def terminate(self):
        self.sample()
        self.told = time.monotonic()
        os.kill(self.pid, signal.SIGTERM)

    def terminate_again(self):
        """Its number is not free for others before wait()."""
        os.kill(self.pid, signal.SIGTERM)

    def was_closing(self, began):
        """Whether a request that began then may have found no corral to talk to."""
        return self.killed is not None or (self.told is not None and began > self.told - ON_ITS_WAY)

    def wait(self, within):
        status = self.corral.wait(within)
        self.corral.close_clients()
        self.corral.process.stdout.close()
        self.corral.log.close()
        return status


class Eras:
    """Owns the current era and counts what the past ones left behind."""

    def __init__(self, home, config):
        self.home = home
        self.config = config
        self.count = 0
        self.replayed = 0
        self.continued = 0
        self.orphans = []
        self.left = []  # files and sockets
        self.faults = []  # ends that were not clean
        self.current = None

    def begin(self):
        self.current = Era(self.home, self.config)
        self.count += 1
        # The sockets of a corral that was killed are the next one's to remove.
        self._note_left(self.current.pid)

    def end(self):
        """Waits for the end of the current era, which has been asked for, and of its engines."""
        self._wait()
        self._expect_gone(lambda: self.home.processes())
        if not self.current.killed:
            self._note_left(None)

    def replace(self):
        """As a system's service manager does: the next corral starts at once, with the same config
        and ports, while engines of the killed one may still be dying."""
        old = set(self.home.processes())
        self._wait()
        self.begin()
        self._expect_gone(lambda: old & set(self.home.processes()))

    def _wait(self):
        era = self.current
        status = era.wait(within=90)
        self.replayed += era.replayed
        self.continued += era.continued
        if not era.killed and status != 0:
            self.faults.append(f"process {era.pid} ended with status {status}")
        # Engines that are sanitized as well may crash, as those do whose model is cut.
        said = era.corral.stderr()
        if f"=={era.pid}==ERROR" in said:
            self.faults.append(f"process {era.pid} told of a fault in memory: {said[-4000:]}")
        os.rename(self.home.path("stderr"), self.home.path(f"stderr.{self.count}"))

    def _expect_gone(self, left):
        try:
            eventually(lambda: not left(), "no engine is left", within=10)
        except AssertionError:
            for pid in left():
                self.orphans.append(f"{pid} {processes.state(pid)} {processes.command_line(pid)}")
                os.kill(pid, signal.SIGKILL)

    def _note_left(self, pid):
        """`pid` is of a Corral that runs, whose own sockets and file are no leavings."""
        for folder in ("run", "tmp"):
            for where, _, names in os.walk(self.home.path(folder)):
                for name in names:
                    path = os.path.join(where, name)
                    if pid is None or not name.startswith((f"{pid}-", f"service-{pid}.")):
                        self.left.append(path)
