"""A machine that is short of memory: engines that nobody uses are unloaded.

What the kernel tells of its memory stands in files; here the service sees others in their place."""

import re
import shutil
import subprocess
import time

import pytest

from fake import words
from test_health import in_background
from test_status import status_of
from waiting import eventually

INSTEAD = 'mount --bind "$HOME/meminfo" /proc/meminfo && exec "$@"'
UNDER = ("unshare", "--mount", "--map-root-user", "sh", "-c", INSTEAD, "sh")
GIB = 1024 * 1024


class Machine:
    """16 GiB, of which so much is available as a test says."""

    def __init__(self, home):
        self.path = home.path("meminfo")
        self.has(8)

    def has(self, available):
        with open(self.path, "w") as file:
            file.write(f"MemTotal: {16 * GIB} kB\nMemAvailable: {int(available * GIB)} kB\nSwapTotal: 0 kB\n")


@pytest.fixture
def machine(home):
    made = Machine(home)
    if shutil.which("unshare") is None:
        pytest.skip("this machine has no unshare")
    if subprocess.run([*UNDER, "true"], env=home.environment, capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody mount")
    return made


def test_an_idle_engine_is_unloaded_when_memory_is_short(machine, start, fake):
    corral = start({"models": {"fake": fake.model()}}, under=UNDER)
    corral.chat("fake")
    machine.has(0.3)
    eventually(lambda: status_of(corral, "fake")["state"] == "stopped", "it is unloaded", 20)
    assert status_of(corral, "fake")["stop_reason"] == "evicted"
    assert re.search(r"fake: unloaded because .* \(0\.3 GiB of 16\.0 GiB", corral.stderr())
    assert corral.chat("fake") == words(5)  # whoever asks gets it all the same


def test_an_engine_that_serves_is_unloaded_only_after(machine, start, fake):
    corral = start({"models": {"fake": fake.model(events=100, rate=10)}}, under=UNDER)
    replies, thread = in_background(lambda: corral.chat("fake"))
    eventually(lambda: status_of(corral, "fake")["in_flight"] == 1, "it serves")
    machine.has(0.3)
    thread.join(60)
    assert replies == [words(100)]
    eventually(lambda: status_of(corral, "fake")["state"] == "stopped", "it is unloaded", 20)
    assert status_of(corral, "fake")["restarts"] == 0


@pytest.mark.parametrize("config, model", [({"memoryPressure": "ignore"}, {}), ({}, {"keep": True})])
def test_an_engine_stays_where_it_is_to_stay(machine, start, fake, config, model):
    corral = start({**config, "models": {"fake": fake.model(model)}}, under=UNDER)
    corral.chat("fake")
    pid = status_of(corral, "fake")["pid"]
    machine.has(0.3)
    time.sleep(10)  # three looks
    assert status_of(corral, "fake")["pid"] == pid
