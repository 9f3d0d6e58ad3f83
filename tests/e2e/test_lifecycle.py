"""How the service starts and ends, and that nothing outlives it."""

import os
import signal
import socket
import stat
import subprocess
import time

import pytest

import processes
from fake import words
from raw import request
from service import TINY_GGUF
from waiting import SCALE, eventually

HELLO = [{"role": "user", "content": "Hello"}]


def begun_stream(corral, model="fake"):
    """A stream of which the first text has come, and that text."""
    chunks = iter(corral.openai().chat.completions.create(model=model, messages=HELLO, stream=True))
    text = ""
    while not text:
        text = next(chunks).choices[0].delta.content or ""
    return chunks, text


@pytest.mark.needs_engine
def test_serve_without_a_config_serves_the_built_in_model(start):
    corral = start()
    assert [m["id"] for m in corral.http.get("/v1/models").json()["data"]] == ["tiny-chat-1m"]
    assert corral.chat("tiny-chat-1m") == "Hello! How can I help you today?"
    assert corral.chat("tiny", "What is 3 + 4?") == "3 + 4 = 7."


def test_serve_reads_the_person_s_own_config(start, home, fake):
    home.write_config({"models": {"mine": fake.model()}})
    os.makedirs(home.path(".config/corral"))
    os.rename(home.path("config.yaml"), home.path(".config/corral/config.yaml"))
    assert start().chat("mine") == words(5)


def test_sigterm_lets_running_streams_finish(start_fake):
    corral = start_fake(rate=5, events=8)
    chunks, text = begun_stream(corral)
    corral.signal(signal.SIGTERM)
    eventually(corral.refuses_connections, "new connections are refused", within=1)
    text += "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == words(8)
    assert corral.wait(within=3) == 0
    corral.home.assert_nothing_left()


def test_a_second_sigterm_does_not_wait(start_fake):
    corral = start_fake(rate=1, events=1000)
    begun_stream(corral)
    corral.signal(signal.SIGTERM)
    eventually(corral.refuses_connections, "it drains", within=1)
    assert corral.process.poll() is None
    corral.signal(signal.SIGTERM)
    corral.wait(within=3)
    corral.home.assert_nothing_left()


@pytest.mark.needs_engine
def test_a_second_sigterm_ends_a_busy_worker(start):
    corral = start({"models": {"tiny": {"gguf": TINY_GGUF, "args": ["--context-shift"]}}})
    stream = corral.openai().chat.completions.create(
        model="tiny", messages=HELLO, stream=True, max_tokens=2_000_000,
        extra_body={"ignore_eos": True})
    next(iter(stream))
    corral.signal(signal.SIGTERM)
    eventually(corral.refuses_connections, "it drains", within=1)
    corral.signal(signal.SIGTERM)
    corral.wait(within=8)
    corral.home.assert_nothing_left()


def test_sigint_is_a_clean_end_too(start_fake):
    corral = start_fake()
    corral.chat("fake")
    corral.signal(signal.SIGINT)
    assert corral.wait() == 0
    corral.home.assert_nothing_left()


def test_sigterm_while_a_model_loads_ends_at_once(start_fake):
    corral = start_fake(load_ms=60_000)
    with corral.raw() as connection:
        connection.send(request("/api/models/load/fake", b""))
        eventually(lambda: corral.running(), "the model loads")
        corral.signal(signal.SIGTERM)
        assert corral.wait(within=5) == 0
    corral.home.assert_nothing_left()


@pytest.mark.needs_engine
def test_kill_9_leaves_no_worker(start):
    corral = start({"models": {"tiny": {"gguf": TINY_GGUF}}})
    corral.chat("tiny")
    assert len(corral.home.processes()) == 2
    corral.kill()
    corral.home.assert_nothing_left()


def test_kill_9_leaves_no_engine_and_no_grandchild(start_fake):
    corral = start_fake(spawn_child=True)
    corral.chat("fake")
    assert len(corral.home.processes()) == 4  # corral, its guard, the engine and the engine's child
    corral.kill()
    corral.home.assert_nothing_left(within=8)


def test_kill_9_leaves_no_engine_that_is_deaf_to_sigterm(start_fake):
    corral = start_fake(ignore_sigterm=True)
    corral.chat("fake")
    corral.kill()
    corral.home.assert_nothing_left(within=8)


def with_daemon(start_fake, **flags):
    """A service whose engine has a daemon: corral, its guard, the engine and what left it."""
    corral = start_fake(spawn_daemon=True, **flags)
    corral.chat("fake")
    assert len(corral.home.processes()) == 4
    return corral


def guards(home):
    return [pid for pid in home.processes() if " guard -- " in processes.command_line(pid)]


def test_kill_9_leaves_no_daemon_of_an_engine(start_fake):
    corral = with_daemon(start_fake)
    corral.kill()
    corral.home.assert_nothing_left(within=8)


def test_an_unload_leaves_no_daemon_of_an_engine(start_fake):
    corral = with_daemon(start_fake)
    corral.http.post("/api/models/unload/fake")
    eventually(lambda: len(corral.home.processes()) == 1, "all but corral end")


@pytest.mark.timeout(90)
def test_an_unload_of_a_deaf_engine_leaves_no_daemon_of_it(start_fake):
    corral = with_daemon(start_fake, ignore_sigterm=True)
    corral.http.post("/api/models/unload/fake", timeout=60)
    eventually(lambda: len(corral.home.processes()) == 1, "all but corral end", within=25)


@pytest.mark.timeout(90)
def test_an_unload_under_a_stopped_guard_leaves_nothing(start_fake):
    corral = with_daemon(start_fake, ignore_sigterm=True)
    os.kill(guards(corral.home)[0], signal.SIGSTOP)
    corral.http.post("/api/models/unload/fake", timeout=60)
    eventually(lambda: len(corral.home.processes()) == 1, "all but corral end", within=25)


def test_an_engine_that_crashes_leaves_no_daemon(start_fake):
    corral = with_daemon(start_fake)
    os.kill(corral.stats("fake")["pid"], signal.SIGKILL)
    eventually(lambda: len(corral.home.processes()) == 1, "all but corral end")


def test_a_guard_killed_by_kill_9_leaves_no_daemon_of_its_engine(start_fake):
    corral = with_daemon(start_fake)
    os.kill(guards(corral.home)[0], signal.SIGKILL)
    eventually(lambda: len(corral.home.processes()) == 1, "all but corral end")
    assert corral.chat("fake") == words(5)


def test_the_process_id_of_a_command_is_its_own_and_not_its_guard_s(start_fake):
    corral = start_fake()
    corral.chat("fake")
    assert corral.running()["fake"]["pid"] == corral.stats("fake")["pid"]


def test_kill_9_while_an_engine_starts_or_stops_leaves_nothing_that_hinders(start, home, fake):
    config = {"models": {"fake": fake.model(load_ms=100, spawn_daemon=True)}}
    for number in range(12):
        corral = start(config)
        with corral.raw() as connection:
            connection.send(request("/api/models/load/fake", b""))
            eventually(lambda: corral.running(), "the model starts")
            if number % 2:
                eventually(lambda: corral.state_of("fake") == "ready", "the model is loaded")
                with corral.raw() as other:
                    other.send(request("/api/models/unload/fake", b""))
                    time.sleep(number / 1000)  # another moment of the stop each time
                    corral.kill()
            else:
                time.sleep(number / 1000)
                corral.kill()
        corral.wait()
        home.assert_nothing_left(within=8)
        assert os.listdir(home.path("tmp")) == []
    assert start(config).chat("fake") == words(5)


@pytest.mark.needs_engine
def test_a_worker_s_socket_is_its_person_s_alone_and_goes_after_kill_9(start):
    config = {"models": {"tiny": {"gguf": TINY_GGUF}}}
    first = start(config)
    first.chat("tiny")
    folder = first.home.path("run/corral")
    sockets = [os.path.join(folder, name) for name in first.sockets_left()]
    assert len(sockets) == 1
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(sockets[0]).st_mode) == 0o600
    first.kill()
    first.wait()
    assert first.sockets_left()
    second = start(config)
    assert not second.sockets_left()
    second.chat("tiny")
    other = start(config)  # leaves the sockets of one that lives
    assert len(other.sockets_left()) == 1
    assert second.chat("tiny", "What is 3 + 4?") == "3 + 4 = 7."


@pytest.mark.needs_engine
def test_a_worker_whose_corral_died_before_it_began_does_not_load(home):
    """Its model is a pipe into which nobody writes: to load it would take for ever."""
    os.mkfifo(home.path("model.gguf"))
    reading, writing = os.pipe()
    os.close(writing)
    worker = subprocess.Popen(
        [home.binary, "engine", "-m", home.path("model.gguf"), "--host", home.path("w.sock")],
        stdin=reading, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=home.folder,
        env={**home.environment, "LLAMA_SERVER_ROUTER_PORT": "1"})
    os.close(reading)
    assert worker.wait(5 * SCALE) == 1


@pytest.mark.needs_engine
def test_a_service_starts_again_after_kill_9(start):
    config = {"models": {"tiny": {"gguf": TINY_GGUF}}}
    first = start(config)
    first.chat("tiny")
    first.kill()
    first.wait()
    second = start(config)
    assert second.chat("tiny", "What is 3 + 4?") == "3 + 4 = 7."


@pytest.mark.timeout(90)
def test_an_engine_that_is_deaf_to_sigterm_is_killed(start_fake):
    corral = start_fake(ignore_sigterm=True, spawn_child=True)
    corral.chat("fake")
    corral.signal(signal.SIGTERM)
    assert corral.wait(within=25) == 0
    corral.home.assert_nothing_left()


def test_a_port_in_use_is_one_clear_sentence(home, fake):
    config = home.write_config({"models": {"fake": fake.model()}})
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = home.command("serve", "--config", config, "--listen", "127.0.0.1:" + port)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert port in done.stderr


def test_a_client_that_keeps_its_connection_does_not_hold_up_the_end(start_fake):
    corral = start_fake()
    with corral.raw() as connection:
        connection.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.reply().status == 200
        corral.signal(signal.SIGTERM)
        assert connection.closed()
        assert corral.wait(within=3 * SCALE) == 0
