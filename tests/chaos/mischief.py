"""What the chaos does to engines, to model files and to corral itself."""

import os
import random
import signal
import time
from collections import Counter

import processes

# How often each is chosen.
WEIGHTS = {
    "kill -9 an engine": 70,
    "kill -9 a guard": 8,
    "stop an engine": 8,
    "truncate a model": 4,
    "unload a model": 3,
    "kill -9 corral": 4,
    "SIGTERM corral": 2,
    "SIGTERM corral twice": 1,
}


class Target:
    """A process, held so that its number cannot come to mean another one."""

    def __init__(self, fd):
        self.fd = fd

    @classmethod
    def of(cls, pid, home):
        try:
            target = cls(os.pidfd_open(pid))
        except ProcessLookupError:
            return None
        return target if pid in home.processes() else None

    def signal(self, number):
        try:
            signal.pidfd_send_signal(self.fd, number)
        except ProcessLookupError:
            return False
        return True

    def __del__(self):
        os.close(self.fd)


class Mischief:
    """One thread's: each `one()` is one evil deed. What it has stopped or cut it mends later."""

    def __init__(self, seed, home, eras, models):
        self.chance = random.Random(f"{seed}/mischief")
        self.home = home
        self.eras = eras
        self.models = models
        self.done = Counter()
        self.later = []  # (when, what to do)

    def one(self):
        kind = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if self._act(kind):
            self.done[kind] += 1

    def _act(self, kind):
        """False if there was nobody to do it to."""
        match kind:
            case "kill -9 an engine":
                return self._signal_one(signal.SIGKILL, guards=False)
            case "kill -9 a guard":
                return self._signal_one(signal.SIGKILL, guards=True)
            case "stop an engine":
                return self._stop()
            case "truncate a model":
                return self._truncate()
            case "unload a model":
                return self._unload()
            case "kill -9 corral":
                self.eras.current.kill()
            case "SIGTERM corral":
                self.eras.current.terminate()
            case "SIGTERM corral twice":
                self.eras.current.terminate()
                # The second one comes while it drains, or too late: both are allowed.
                time.sleep(self.chance.uniform(0, 0.3))
                self.eras.current.terminate_again()
        self.settle(all_of_it=True)
        if self.eras.current.killed and self.chance.random() < 0.5:
            self.eras.replace()
        else:
            self.eras.end()
            self.eras.begin()
        return True

    def _target(self, guards, begun=False):
        """One of corral's processes, a guard or another; None if there is none now. With `begun`,
        none that corral has forked and that has not become its engine yet."""
        lines = {pid: processes.command_line(pid) for pid in self.home.processes()
                 if pid != self.eras.current.pid}
        # What a sanitizer asks for names; without it the sanitizer hangs, and corral with it.
        lines = {pid: line for pid, line in lines.items() if "addr2line" not in line}
        pids = [pid for pid, line in lines.items() if (" guard -- " in line) == guards
                and not (begun and line.startswith(self.home.binary + " serve "))]
        return Target.of(self.chance.choice(pids), self.home) if pids else None

    def _signal_one(self, number, guards):
        target = self._target(guards)
        return target is not None and target.signal(number)

    def _stop(self):
        """Corral does not notice an engine that is stuck, so it goes on or dies a little later. It
        waits for a child to become its engine, so one that is stopped before would stop corral."""
        target = self._target(guards=self.chance.random() < 0.2, begun=True)
        if target is None or not target.signal(signal.SIGSTOP):
            return False
        last = self.chance.choice((signal.SIGCONT, signal.SIGKILL))
        self._do_later(self.chance.uniform(0.2, 2.5), lambda: target.signal(last))
        return True

    def _unload(self):
        """A person's request, which refuses who waits and lets who is served finish."""
        name = self.chance.choice(["", *(f"/{name}" for name in self.models.config["models"])])
        reply = self.eras.current.corral.http.post("/api/models/unload" + name)
        return reply.status_code == 200

    def _truncate(self):
        self.models.truncate(in_place=self.chance.random() < 0.5)
        self._do_later(self.chance.uniform(0.1, 2), self.models.restore)
        return True

    def _do_later(self, seconds, deed):
        self.later.append((time.monotonic() + seconds, deed))

    def settle(self, all_of_it=False):
        """Mends what is due. Nobody is left stopped when corral ends."""
        now = time.monotonic()
        due = [deed for when, deed in self.later if all_of_it or when <= now]
        self.later = [] if all_of_it else [one for one in self.later if one[0] > now]
        for deed in due:
            deed()
