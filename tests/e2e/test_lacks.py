"""What the machine lacks: each lack is a wait or a clear error, and the service goes on."""

import os
import shutil
import subprocess

import pytest

import processes
from fake import words
from raw import request
from service import TINY_GGUF
from waiting import eventually

HELLO = [{"role": "user", "content": "Hello"}]
LARGE = "a" * 3_000_000


def needs(program):
    if shutil.which(program) is None:
        pytest.skip(f"this machine has no {program}")


# Descriptors

FEW = ("prlimit", "--nofile=64:64")


def open_descriptors(corral):
    return len(os.listdir(f"/proc/{corral.pid}/fd"))


@pytest.fixture
def few(start, fake):
    needs("prlimit")
    return start({"models": {"a": fake.model(), "b": fake.model(events=3)}}, under=FEW)


def test_more_connections_than_descriptors_wait_and_all_are_served(few):
    connections = [few.raw() for _ in range(100)]
    for connection in connections:
        connection.send(request("/health", b"", method="GET"))
    for connection in connections:
        assert connection.reply().status == 200
        connection.socket.close()
    assert few.chat("a") == words(5)


def test_idle_connections_leave_an_engine_its_descriptors(few):
    idle = [few.raw() for _ in range(100)]
    idle[0].send(request("/v1/chat/completions", {"model": "a", "messages": HELLO}))
    assert idle[0].reply().status == 200
    for connection in idle:
        connection.socket.close()
    assert few.chat("b") == words(3)


def test_large_requests_of_all_who_fit_in_are_served(few):
    body = {"messages": [{"role": "user", "content": LARGE}], "model": "a"}
    connections = [few.raw() for _ in range(30)]
    for connection in connections:
        connection.send(request("/v1/chat/completions", body))
    for connection in connections:
        assert connection.reply().status == 200
        connection.socket.close()
    few.close_clients()
    eventually(lambda: open_descriptors(few) < 30, "the descriptors are given back")


# Room for temporary files

# Less than a large body needs. ThreadSanitizer's programs put 512 KiB there each when they start,
# Corral and one guard 1 MiB.
ROOM = "mount -t tmpfs -o size=1536k none \"$TMPDIR\" && exec \"$@\""
LITTLE_ROOM = ("unshare", "--mount", "--map-root-user", "sh", "-c", ROOM, "sh")


@pytest.fixture
def little_room(start, fake, home):
    """Its TMPDIR is a file system of 1.5 MiB, which nobody else sees."""
    needs("unshare")
    tried = subprocess.run([*LITTLE_ROOM, "true"], env=home.environment, capture_output=True,
                           text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no file system of one's own can be mounted here: {tried.stderr}")
    return start({"models": {"a": fake.model(), "late": fake.model(load_ms=60_000)}},
                 under=LITTLE_ROOM)


def model_last(model):
    return {"messages": [{"role": "user", "content": LARGE}], "model": model}


def model_first(model):
    return {"model": model, "messages": [{"role": "user", "content": LARGE}]}


def assert_no_room(reply):
    assert reply.status == 507, reply.body
    assert "TMPDIR" in reply.json()["error"]["message"]


@pytest.mark.parametrize("body", [model_last, model_first])
def test_a_large_body_without_room_for_it_gets_507(little_room, body):
    with little_room.raw() as connection:
        connection.send(request("/v1/chat/completions", body("late")))
        assert_no_room(connection.reply())
    little_room.http.post("/api/models/unload/late")
    assert little_room.chat("a") == words(5)


def test_a_large_body_to_an_engine_s_own_route_without_room_gets_507(little_room):
    with little_room.raw() as connection:
        connection.send(request("/upstream/late/v1/chat/completions", model_last("late")))
        assert_no_room(connection.reply())
    little_room.http.post("/api/models/unload/late")
    assert little_room.chat("a") == words(5)


def test_a_large_body_that_need_not_wait_needs_no_room(little_room):
    assert little_room.chat("a") == words(5)
    with little_room.raw() as connection:
        connection.send(request("/v1/chat/completions", model_first("a")))
        assert connection.reply().status == 200


# Processes

AS_USER = ("setpriv", "--reuid=54321", "--clear-groups", "--inh-caps=-all")


def limit(corral, name, value, user=()):
    """Sets the soft limit, which the process's own user may do."""
    command = [*user, "prlimit", "--pid", str(corral.pid), f"--{name}={value}:"]
    subprocess.run(command, check=True)


def threads(corral):
    return len(os.listdir(f"/proc/{corral.pid}/task"))


@pytest.fixture
def other_user(start, fake, home, sanitized):
    """The limit of processes does not bind root, so this service is another user's."""
    needs("prlimit")
    needs("setpriv")
    if sanitized:
        pytest.skip("a sanitizer starts a process when its program ends")
    if os.geteuid() != 0:
        pytest.skip("only root can run a service as another user")
    for folder, _, _ in os.walk(home.folder):
        os.chown(folder, 54321, -1)
    for path in (home.binary, fake.path):
        if subprocess.run([*AS_USER, "test", "-x", path], check=False).returncode:
            pytest.skip(f"another user may not run {path}")
    return start({"models": {"a": fake.model()}}, under=(*AS_USER, "prlimit", "--nproc=100"))


@pytest.mark.parametrize("spare", [0, 1])
def test_no_process_left_for_an_engine_is_a_clear_error(other_user, spare):
    """One process is the guard's, and then its command cannot be started."""
    corral = other_user
    corral.http.get("/health")
    before = open_descriptors(corral)
    limit(corral, "nproc", threads(corral) + spare, AS_USER)
    for _ in range(2):  # with fewer failed starts than open the breaker
        reply = corral.http.post("/v1/chat/completions", json={"model": "a", "messages": HELLO})
        assert reply.status_code in (502, 503)
        message = reply.json()["error"]["message"]
        assert "a" in message and "emporarily unavailable" in message
    assert open_descriptors(corral) == before
    limit(corral, "nproc", 100, AS_USER)
    assert corral.chat("a") == words(5)


# Memory

MEMORY = 1_000_000_000  # enough for the service and for an engine of the tiny model


@pytest.fixture
def little_memory(start, sanitized):
    needs("prlimit")
    if sanitized:
        pytest.skip("a sanitizer takes more address space than any machine has memory")
    return start({"models": {
        "tiny": {"gguf": TINY_GGUF},
        "wide": {"gguf": TINY_GGUF, "args": ["--ctx-size", "4000000"]}}},
        under=("prlimit", f"--as={MEMORY}"))


@pytest.mark.needs_engine
def test_an_engine_that_gets_no_memory_is_a_clear_error(little_memory):
    corral = little_memory
    reply = corral.http.post("/v1/chat/completions", json={"model": "wide", "messages": HELLO})
    assert reply.status_code in (502, 503)
    assert "memory" in reply.json()["error"]["message"]
    assert corral.chat("tiny", "What is 3 + 4?") == "3 + 4 = 7."


@pytest.mark.needs_engine
def test_a_machine_that_has_memory_for_the_service_alone(little_memory):
    corral = little_memory
    corral.http.get("/health")
    used = processes.memory_kib(corral.pid, "VmSize")
    limit(corral, "as", (used + 4096) * 1024)
    for _ in range(2):  # with fewer failed starts than open the breaker
        reply = corral.http.post("/v1/chat/completions", json={"model": "tiny", "messages": HELLO})
        assert reply.status_code in (502, 503)
        assert "tiny" in reply.json()["error"]["message"]
    assert corral.http.get("/health").status_code == 200
    limit(corral, "as", MEMORY)
    assert corral.chat("tiny", "What is 3 + 4?") == "3 + 4 = 7."
