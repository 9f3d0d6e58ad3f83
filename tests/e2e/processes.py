"""What /proc says: which processes belong to a test, and how much memory one has."""

import os


def with_environment(entry):
    """The ids of all living processes that were started with `entry` ("NAME=value")."""
    wanted = entry.encode()
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                entries = file.read().split(b"\0")
        except OSError:
            continue
        if wanted in entries and state(int(name)) not in ("", "Z"):
            found.append(int(name))
    return found


def state(pid):
    """The letter of the process's state, or "" when there is none."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def memory_kib(pid, field):
    """`field` is VmRSS (now) or VmHWM (the most there ever was)."""
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    raise AssertionError(f"no {field} in /proc/{pid}/status")
