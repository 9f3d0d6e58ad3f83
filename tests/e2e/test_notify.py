"""What `corral serve` tells the service manager that started it."""

import signal
import socket

import pytest

from waiting import SCALE


@pytest.fixture
def manager(home):
    """The manager's socket, which `corral serve` is told of."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(home.path("notify"))
        manager.settimeout(20 * SCALE)
        home.environment["NOTIFY_SOCKET"] = home.path("notify")
        yield manager


def test_a_manager_is_told_when_it_serves_and_when_it_stops(manager, start_fake):
    corral = start_fake()
    ready = manager.recv(4096).decode().splitlines()
    assert ready == ["READY=1", f"STATUS=serves at {corral.url}"]
    corral.signal(signal.SIGTERM)
    assert manager.recv(4096) == b"STOPPING=1"
    assert corral.wait() == 0


def test_a_watchdog_hears_of_it_until_the_loop_is_stuck(manager, start_fake, home):
    home.environment["WATCHDOG_USEC"] = "200000"
    corral = start_fake()
    assert manager.recv(4096).startswith(b"READY=1")
    for _ in range(3):
        assert manager.recv(4096) == b"WATCHDOG=1"
    corral.signal(signal.SIGSTOP)
    try:
        manager.settimeout(1)
        with pytest.raises(TimeoutError):
            for _ in range(3):  # one may be on its way
                manager.recv(4096)
    finally:
        corral.signal(signal.SIGCONT)


def test_no_engine_is_told_of_the_manager(manager, start_fake, home):
    home.environment["WATCHDOG_USEC"] = "60000000"
    corral = start_fake()
    corral.chat("fake")
    pid = corral.running()["fake"]["pid"]
    with open(f"/proc/{pid}/environ", "rb") as file:
        names = {entry.split(b"=")[0] for entry in file.read().split(b"\0")}
    assert b"HOME" in names
    assert not names & {b"NOTIFY_SOCKET", b"WATCHDOG_USEC", b"WATCHDOG_PID"}


@pytest.mark.parametrize("name", ["vsock:1", "/nonexistent/notify"])
def test_a_manager_that_cannot_be_told_is_no_reason_not_to_serve(start_fake, home, name):
    home.environment["NOTIFY_SOCKET"] = name
    assert start_fake().chat("fake")
