"""Every fault of the table in docs/reliability.md, and that it comes out as the table says."""

import os

import pytest

from faults import FAULTS, Scene
from waiting import eventually

PAGE = os.path.join(os.path.dirname(__file__), "../../docs/reliability.md")
HEAD = "| fault | last error | the engine then | a request then | words |"


CODES = "| code | the engine | known by |"


def table(head):
    """The rows of the table with this head, by their first cell. `-` is None."""
    with open(PAGE) as file:
        lines = iter(file.read().splitlines())
    for line in lines:
        if line == head:
            break
    next(lines)
    rows = {}
    for line in lines:
        if not line.startswith("|"):
            break
        name, *cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        rows[name] = [None if cell == "-" else cell for cell in cells]
    return rows


ROWS = table(HEAD)


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def test_the_table_and_the_faults_are_the_same():
    assert set(ROWS) == set(FAULTS)
    assert len(ROWS) >= 24


def test_the_page_explains_every_code_that_a_fault_has():
    assert {row[0] for row in ROWS.values()} - {None} <= set(table(CODES))


@pytest.mark.timeout(90)
@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_fault_is(start, fake, home, has_engine, name):
    cause, engine, request, words = ROWS[name]
    if not has_engine and "real" in FAULTS[name].__code__.co_names:
        pytest.skip("this corral has no embedded engine")
    scene = Scene(start, fake, home)
    FAULTS[name](scene)
    assert scene.request == request, scene.reply
    status = scene.status()
    error = status["last_error"] or {}
    assert error.get("code") == cause, status
    said = " ".join([error.get(key) or "" for key in ("message", "hint", "output")] +
                    [scene.reply if scene.request != "answered" else ""])
    assert not words or words in said, said
    told = scene.home.command("status", "m", "--url", scene.corral.url).stdout
    assert not cause or error["message"][:40] in " ".join(told.split()), told
    check = {"replaced": replaced, "stays": stays, "comes back": comes_back, "fails": fails}
    check[engine](scene, status)
    assert scene.corral.http.get("/health").status_code == 200


def replaced(scene, status):
    scene.corral.chat("m", max_tokens=2)
    status = scene.status()
    assert status["state"] == "ready" and status["restarts"] >= 1
    assert status["pid"] != scene.pid


def stays(scene, status):
    assert status["restarts"] == 0
    assert scene.pid is None or status["pid"] == scene.pid


def comes_back(scene, status):
    """When it has been mended, the same Corral serves it: as soon as a person or a request asks."""
    assert status["state"] == "failed"
    scene.mend()
    loaded = scene.home.command("load", "m", "--url", scene.corral.url)
    assert loaded.returncode == 0, loaded.stderr
    scene.corral.chat("m", max_tokens=2)
    assert scene.status()["last_error"], "it stays after a good start"


def fails(scene, status):
    assert status["state"] == "failed" and status["pid"] is None
    before = descriptors(scene.corral.pid)
    scene.ask()
    assert scene.request != "answered"
    eventually(lambda: descriptors(scene.corral.pid) <= before, "nothing of it is kept open")
