"""What corral asks of the kernel, counted by `strace -c`."""

import re
import signal
import subprocess

from lockstep import Lockstep
from waiting import SCALE

CONNECTIONS = 50
ROUNDS = 20
EVENTS = 500

READS = ("read", "readv", "recvfrom", "recvmsg")
WRITES = ("write", "writev", "sendto", "sendmsg")
WAITS = ("epoll_wait", "epoll_pwait", "epoll_pwait2")

MOST_OF_REQUEST = 4.3
# Timers, and the moments in which strace comes and goes.
SLACK = 0.02
# Lines of the log are written together every 100 ms: how many writes that is depends on the machine.
LOG_LEVEL = "warn"


def counted(home, pid, work):
    """The system calls of the process while `work` runs, by name."""
    table = home.path("strace")
    strace = subprocess.Popen(["strace", "-c", "-f", "-p", str(pid), "-o", table],
                              stderr=subprocess.PIPE, text=True)
    try:
        line = strace.stderr.readline()
        assert "attached" in line, f"strace could not attach: {line}{strace.stderr.read()}"
        work()
    finally:
        strace.send_signal(signal.SIGINT)
        strace.wait(30 * SCALE)
        strace.stderr.close()
    with open(table) as file:
        return calls_of(file.read())


def calls_of(table):
    """% time, seconds, usecs/call, calls, errors (or nothing), syscall"""
    row = re.compile(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$", re.MULTILINE)
    calls = {name: int(count) for count, name in row.findall(table) if name != "total"}
    assert calls, f"strace's table cannot be read:\n{table}"
    return calls


class Per:
    """The calls by kind, each divided by what was done."""

    def __init__(self, calls, count):
        def sum_of(names):
            return sum(calls.get(name, 0) for name in names) / count

        self.reads, self.writes, self.waits = sum_of(READS), sum_of(WRITES), sum_of(WAITS)
        self.all = sum(calls.values()) / count
        self.calls = calls

    def __str__(self):
        return (f"{self.all:.3f} system calls: {self.reads:.3f} reads, {self.writes:.3f} writes, "
                f"{self.waits:.3f} waits (in all {self.calls})")


def of_request(binary):
    with Lockstep(binary, CONNECTIONS, log_level=LOG_LEVEL) as line:
        line.warm_up(3)
        calls = counted(line.home, line.pid, lambda: [line.round() for _ in range(ROUNDS)])
    per = Per(calls, CONNECTIONS * ROUNDS)
    print(f"a request, {CONNECTIONS} at once: {per}")
    assert per.all <= MOST_OF_REQUEST, f"more than {MOST_OF_REQUEST} system calls a request"
    assert abs(per.reads - 2) <= SLACK, "a request is read once on each side, no more"
    assert abs(per.writes - 2) <= SLACK, "a request is written once on each side, no more"


def of_event(binary):
    with Lockstep(binary, 1, log_level=LOG_LEVEL) as line:
        line.begin_stream()
        line.settle()
        calls = counted(line.home, line.pid, lambda: [line.event() for _ in range(EVENTS)])
    per = Per(calls, EVENTS)
    print(f"an event, alone: {per}")
    assert abs(per.reads - 1) <= SLACK, "an event is read once"
    assert abs(per.writes - 1) <= SLACK, "an event is written once"
    assert per.all <= 3 + 2 * SLACK, "an event is waited for, read and written: three system calls"
