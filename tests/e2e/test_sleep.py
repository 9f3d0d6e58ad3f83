"""A machine that sleeps and wakes: what becomes of engines and of those who wait for them."""

import os
import signal
import threading

import pytest

import processes
from fake import words
from fake_logind import FakeLogind
from test_continue import HELLO, continued, data_of
from test_health import in_background
from test_status import status_of
from waiting import eventually


@pytest.fixture
def logind(home):
    bus = FakeLogind(home.folder)
    home.environment["DBUS_SYSTEM_BUS_ADDRESS"] = bus.address
    yield bus
    bus.stop()


def start_stopping(start, fake, **flags):
    return start({"onSleep": "stop", "models": {"fake": fake.model(**flags)}})


def test_suspend_stops_what_runs_and_resume_brings_it_back(start_fake):
    corral = start_fake()
    corral.chat("fake")
    first = status_of(corral, "fake")["pid"]
    assert corral.http.post("/api/suspend").json() == {"msg": "ok"}
    status = status_of(corral, "fake")
    assert (status["state"], status["stop_reason"], status["pid"]) == ("stopped", "suspend", None)
    assert corral.http.post("/api/suspend").status_code == 200  # nothing more to do
    assert corral.http.post("/api/resume").status_code == 200
    eventually(lambda: status_of(corral, "fake")["state"] == "ready", "it comes back")
    assert status_of(corral, "fake")["pid"] != first
    assert status_of(corral, "fake")["restarts"] == 0


def test_a_request_that_comes_while_suspended_is_answered_after(start_fake):
    corral = start_fake()
    corral.http.post("/api/suspend")
    replies, thread = in_background(lambda: corral.chat("fake"))
    eventually(lambda: status_of(corral, "fake")["waiting"] == 1, "it waits")
    assert status_of(corral, "fake")["state"] == "stopped"
    # Whoever looks is told what it waits for.
    assert "corral resume" in status_of(corral, "fake")["waits_for"]
    assert corral.http.get("/api/status").json()["suspended"] is True
    for command in (["ps"], ["status"], ["status", "fake"]):
        shown = corral.home.command(*command, "--url", corral.url).stdout
        assert "corral resume" in shown and "fake" in shown
    corral.http.post("/api/resume")
    thread.join(30)
    assert replies == [words(5)]


def test_a_stream_goes_on_after_the_machine_slept(start_fake):
    corral = start_fake(events=40, rate=20)
    chunks, thread = in_background(lambda: data_of(
        corral, "/v1/chat/completions", {"model": "fake", "messages": HELLO}))
    eventually(lambda: corral.running().get("fake", {}).get("in_flight") == 1, "it streams")
    eventually(lambda: corral.stats("fake")["active"] == 1, "the engine is at it")
    corral.http.post("/api/suspend")
    corral.http.post("/api/resume")
    thread.join(60)
    assert chunks and chunks[0][-1] == "[DONE]"
    assert continued(corral) <= 1
    assert status_of(corral, "fake")["last_error"] is None


def test_the_commands_do_the_same(start_fake, home):
    corral = start_fake()
    corral.chat("fake")
    done = home.command("suspend", "--url", corral.url)
    assert done.returncode == 0 and "corral resume" in done.stdout
    assert status_of(corral, "fake")["state"] == "stopped"
    assert "comes back" in home.command("resume", "--url", corral.url).stdout
    assert "was not suspended" in home.command("resume", "--url", corral.url).stdout
    eventually(lambda: status_of(corral, "fake")["state"] == "ready", "it comes back")


def test_logind_is_held_up_until_the_engines_are_gone(logind, start, fake):
    corral = start_stopping(start, fake)
    corral.chat("fake")
    eventually(lambda: logind.delays, "a lock is asked for")
    assert logind.delays[0][:2] == ("sleep", "delay")
    logind.prepare_for_sleep(True)
    eventually(lambda: not logind.is_held(0), "the lock is given back")
    assert status_of(corral, "fake")["state"] == "stopped"
    logind.prepare_for_sleep(False)
    eventually(lambda: status_of(corral, "fake")["state"] == "ready", "it comes back")
    eventually(lambda: len(logind.delays) == 2 and logind.is_held(1), "there is a new lock")


def test_a_logind_of_the_other_byte_order_is_heard(logind, start, fake):
    corral = start_stopping(start, fake)
    corral.chat("fake")
    eventually(lambda: logind.delays, "a lock is asked for")
    logind.prepare_for_sleep(True, big_endian=True)
    eventually(lambda: status_of(corral, "fake")["state"] == "stopped", "its engines stop")
    assert len(logind.delays) == 1  # over the same connection


def test_nobody_but_logind_is_obeyed(logind, start, fake):
    corral = start_stopping(start, fake)
    corral.chat("fake")
    first = status_of(corral, "fake")["pid"]
    eventually(lambda: logind.delays, "a lock is asked for")
    logind.stranger_prepares_for_sleep(True)
    logind.prepare_for_sleep(False)  # comes after it, and is heard
    eventually(lambda: "has slept" in corral.http.get("/logs").text, "logind is heard")
    assert "about to sleep" not in corral.http.get("/logs").text
    assert status_of(corral, "fake")["pid"] == first


def test_a_bus_that_comes_back_is_heard_again(logind, start, fake):
    corral = start_stopping(start, fake)
    eventually(lambda: logind.delays, "a lock is asked for")
    logind.stop()
    logind.start()
    eventually(lambda: len(logind.delays) == 2, "a lock is asked for again")
    corral.chat("fake")
    logind.prepare_for_sleep(True)
    eventually(lambda: status_of(corral, "fake")["state"] == "stopped", "its engines stop")


def test_after_waking_an_engine_that_does_not_work_is_replaced(start_fake):
    corral = start_fake({"keep": True, "readyCheck": "token"})
    corral.chat("fake")
    first = status_of(corral, "fake")["pid"]
    os.kill(first, signal.SIGSTOP)
    eventually(lambda: processes.state(first) == "T", "it is stopped")
    corral.http.post("/api/resume")
    eventually(lambda: status_of(corral, "fake")["pid"] not in (first, None), "it is replaced",
               within=20)
    assert "did not work any more" in status_of(corral, "fake")["last_error"]["message"]
    assert corral.chat("fake") == words(5)


def test_after_waking_an_engine_that_works_is_left_alone(logind, start, fake):
    corral = start({"logLevel": "debug", "models": {"fake": fake.model({"readyCheck": "token"})}})
    corral.chat("fake")
    eventually(lambda: "logind tells" in corral.http.get("/logs").text, "logind is heard")
    assert not logind.delays  # there is nothing to do before
    first, asked = status_of(corral, "fake")["pid"], corral.stats("fake")["begun"]
    logind.prepare_for_sleep(True)
    logind.prepare_for_sleep(False)
    eventually(lambda: corral.stats("fake")["begun"] == asked + 1, "it is asked for a token")
    assert corral.chat("fake") == words(5)
    assert status_of(corral, "fake")["pid"] == first


def test_a_corral_that_was_stopped_takes_that_for_no_sleep(start_fake):
    corral = start_fake({"canaryInterval": 0.2, "stuckAfter": 1}, events=20, rate=5)
    replies, thread = in_background(lambda: corral.chat("fake"))
    eventually(lambda: status_of(corral, "fake")["in_flight"] == 1, "the request runs")
    os.kill(corral.pid, signal.SIGSTOP)
    stopped = threading.Event()
    stopped.wait(3)  # longer than both limits
    os.kill(corral.pid, signal.SIGCONT)
    thread.join(60)
    assert replies == [words(20)]
    assert status_of(corral, "fake")["restarts"] == 0
    assert "has slept" not in corral.http.get("/logs").text
