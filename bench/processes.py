"""Processes of the benchmark: starting them on chosen cores, what /proc says of them, their end.

A Yard is one run's place: a temporary folder that is also the home of everything started in it. By
that home every process is found again, so none survives the run, however it ends.
"""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time


@contextlib.contextmanager
def on_cores(cores):
    """What is started inside inherits these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Yard:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="cb-", dir="/tmp")  # short: Unix sockets lie in it
        os.mkdir(self.path("run"), 0o700)
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": self.folder, "TMPDIR": self.folder,
            "XDG_RUNTIME_DIR": self.path("run"), "XDG_CONFIG_HOME": self.path(".config"),
            "LLAMA_CACHE": self.path("cache"),
        }
        self.started = []

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def start(self, name, command, cores, environment=None, pipes=False):
        """Starts a process in a session of its own. Its words go to NAME.log, or to our pipes."""
        with open(self.path(name + ".log"), "ab") as log, on_cores(cores):
            process = subprocess.Popen(
                command, cwd=self.folder, env={**self.environment, **(environment or {})},
                stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipes else log, stderr=log, text=True,
                start_new_session=True)
        self.started.append(process)
        return process

    def log(self, name):
        """The end of a process's words, for a message."""
        with open(self.path(name + ".log"), errors="replace") as file:
            return " / ".join(file.read()[-600:].strip().splitlines()[-3:])

    def stop(self, process, within=10):
        """SIGTERM, and SIGKILL to its whole group if that does not help."""
        tree = descendants(process.pid)
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(within)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        self.started.remove(process)
        deadline = time.monotonic() + within
        while any(is_alive(pid) for pid in tree) and time.monotonic() < deadline:
            time.sleep(0.002)

    def close(self):
        for process in list(self.started):
            with contextlib.suppress(Exception):
                self.stop(process, within=1)
        for pid in self._left():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _left(self):
        marker = ("HOME=" + self.folder).encode()
        for pid in all_pids():
            with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:
                if marker in file.read().split(b"\0"):
                    yield pid


def free_port(count=1):
    """The first of `count` free ports in a row, below those that the kernel hands out."""
    while True:
        first = random.randrange(20000, 30000)
        with contextlib.suppress(OSError):
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", port))
            return first


# What /proc says


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _stat(pid):
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()
    return None


def is_alive(pid):
    stat = _stat(pid)
    return stat is not None and stat[0] != "Z"


def descendants(pid, leave_out=lambda _: False):
    """`pid` and every process below it, without those that `leave_out` names and theirs."""
    children = {}
    for other in all_pids():
        stat = _stat(other)
        if stat and stat[0] != "Z":
            children.setdefault(int(stat[1]), []).append(other)
    found, waiting = [], [pid]
    while waiting:
        at = waiting.pop()
        found.append(at)
        waiting += [child for child in children.get(at, []) if not leave_out(child)]
    return found


def command_line(pid):
    with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read().decode(errors="replace").split("\0")
    return []


def cpu_ns(pids):
    """User and system time of these processes, ended threads included, from their CPU clocks.

    The clock's id is made as Linux makes it: the inverted pid, and 2 for the scheduler's count.
    """
    return sum(time.clock_gettime_ns((~pid << 3) | 2) for pid in pids)


def pss_bytes(pids):
    """Memory, where a page that several processes share counts once in all."""
    return sum(_kib(f"/proc/{pid}/smaps_rollup", "Pss") for pid in pids) * 1024


def resident_bytes(pids):
    return sum(_kib(f"/proc/{pid}/status", "VmRSS") for pid in pids) * 1024


def peak_bytes(pids):
    """The most resident memory since reset_peak()."""
    return sum(_kib(f"/proc/{pid}/status", "VmHWM") for pid in pids) * 1024


def reset_peak(pids):
    for pid in pids:
        with open(f"/proc/{pid}/clear_refs", "w") as file:
            file.write("5")


def _kib(path, field):
    with open(path) as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    raise OSError(f"no {field} in {path}")


def pin(pids, cores):
    """Moves every thread of these processes."""
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(int(thread), cores)
