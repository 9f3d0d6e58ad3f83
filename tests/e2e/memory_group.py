"""A control group with little memory: the kernel kills whoever in it takes more."""

import contextlib
import os
import signal
import tempfile

import pytest

from waiting import eventually

# By the type of the file system: the files that hold the limits, with and without swap.
LIMITS = {"cgroup2": ("memory.max", "memory.swap.max"),
          "cgroup": ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes")}


def trees():
    """The type and the root of each tree in which groups may have limits of memory."""
    with open("/proc/mounts") as file:
        for line in file:
            _, root, type, options, *_ = line.split()
            if type == "cgroup2" or type == "cgroup" and "memory" in options.split(","):
                yield type, root


@contextlib.contextmanager
def memory_group(bytes):
    """A function that puts a process into the group. Skips the test where no such group can be made."""
    why = "no tree of control groups with memory"
    for type, root in trees():
        try:
            folder = tempfile.mkdtemp(prefix="corral-test-", dir=root)
        except OSError as error:
            why = str(error)
            continue
        limit, limit_with_swap = (os.path.join(folder, name) for name in LIMITS[type])
        if os.path.exists(limit):
            break
        os.rmdir(folder)
    else:
        pytest.skip(f"cannot limit the memory of a control group here: {why}")

    procs = os.path.join(folder, "cgroup.procs")
    try:
        write(limit, bytes)
        if os.path.exists(limit_with_swap):
            write(limit_with_swap, 0 if type == "cgroup2" else bytes)
        yield lambda pid: write(procs, pid)
    finally:
        with open(procs) as file:
            for pid in file.read().split():
                os.kill(int(pid), signal.SIGKILL)
        eventually(lambda: remove(folder), "the group is empty")


def write(path, value):
    with open(path, "w") as file:
        file.write(str(value))


def remove(folder):
    with contextlib.suppress(OSError):
        os.rmdir(folder)
    return not os.path.exists(folder)
