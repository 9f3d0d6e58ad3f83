"""What is told of each model, everywhere in the same words."""

import json
import os
import re

import pytest

from fake import words
from service import TINY_GGUF
from waiting import eventually

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
KEYS = ["model", "state", "health", "progress", "stage", "pid", "uptime_s", "restarts",
        "stop_reason", "last_error", "last_exit", "retry_at", "reduced", "memory_bytes", "limits",
        "in_flight", "waiting", "waits_for", "tokens_per_second"]


def status_of(corral, model):
    models = corral.http.get("/api/status", params={"model": model}).json()["models"]
    assert len(models) == 1
    return models[0]


def test_of_a_model_that_never_ran_what_is_unknown_is_null(start_fake):
    status = status_of(start_fake(), "fake")
    assert list(status) == KEYS
    assert status["state"] == "stopped" and status["health"] == "unknown"
    for key in ("stage", "pid", "uptime_s", "stop_reason", "last_error", "last_exit", "retry_at",
                "reduced", "memory_bytes", "limits", "waits_for", "tokens_per_second"):
        assert status[key] is None, key


def test_a_ready_model_tells_its_process_and_age(start_fake):
    corral = start_fake()
    corral.chat("fake")
    status = status_of(corral, "fake")
    assert status["state"] == "ready"
    assert status["pid"] in corral.home.processes()
    assert 0 <= status["uptime_s"] < 60
    assert status["restarts"] == 0 and status["in_flight"] == 0


def test_all_models_are_told_in_the_order_of_the_config(start, fake):
    corral = start({"models": {"b": fake.model({"aliases": ["x"]}), "a": fake.model()}})
    names = [m["model"] for m in corral.http.get("/api/status").json()["models"]]
    assert sorted(names) == ["a", "b"]
    assert status_of(corral, "x")["model"] == "b"


def test_an_unknown_model_is_answered_with_the_nearest_names(plain):
    reply = plain.http.get("/api/status?model=fakee")
    assert reply.status_code == 404
    assert "did you mean 'fake'" in reply.json()["error"]["message"]


def test_running_and_status_say_the_same(start_fake):
    corral = start_fake()
    corral.chat("fake")
    running, status = corral.running()["fake"], status_of(corral, "fake")
    for key in KEYS:
        if key != "uptime_s":
            assert running[key] == status[key], key


def test_a_failed_start_is_told_until_after_a_good_one(start_fake, home):
    flag = home.path("crashed")
    corral = start_fake(crash_on_request=1, crash_once=flag)
    assert corral.chat("fake") == words(5)  # on its second engine
    status = status_of(corral, "fake")
    assert status["state"] == "ready" and status["restarts"] == 1
    assert status["stop_reason"] == "crash"
    assert status["last_exit"]["signal"] == "SIGABRT"
    assert TIME.fullmatch(status["last_exit"]["at"])
    error = status["last_error"]
    assert set(error) == {"code", "message", "hint", "output", "at"}
    assert error["message"] and TIME.fullmatch(error["at"])
    assert error["code"] == status["last_exit"]["cause"]


def test_an_engine_that_is_unloaded_was_asked(start_fake):
    corral = start_fake()
    corral.chat("fake")
    corral.http.post("/api/models/unload/fake")
    status = status_of(corral, "fake")
    assert status["stop_reason"] == "asked" and status["last_exit"]["cause"] == "asked"
    assert status["last_error"] is None and status["pid"] is None


def test_an_engine_that_makes_way_was_evicted(start, fake):
    corral = start({"models": {"a": fake.model(), "b": fake.model()}})
    corral.chat("a")
    corral.chat("b")
    assert status_of(corral, "a")["stop_reason"] == "evicted"


@pytest.mark.needs_engine
def test_the_real_engine_tells_its_speed(tiny):
    tiny.chat("tiny")
    assert status_of(tiny, "tiny")["tokens_per_second"] > 0


def test_the_version_is_told(plain):
    version = plain.http.get("/api/version").json()
    assert version["name"] == "corral" and re.fullmatch(r"\d+\.\d+\.\d+", version["version"])


# The commands, and how they find the service.

def service_files(home):
    return [name for name in os.listdir(home.path("run/corral")) if name.startswith("service-")]


def test_commands_find_the_service_of_this_user(start_fake):
    corral = start_fake()
    assert len(service_files(corral.home)) == 1
    done = corral.home.command("status", "--json")
    assert done.returncode == 0, done.stderr
    assert [m["model"] for m in json.loads(done.stdout)["models"]] == ["fake"]
    assert corral.home.command("run", "fake", "Hello").stdout.strip() == words(5).strip()
    assert corral.state_of("fake") == "ready"  # it was this service's
    corral.stop()
    assert service_files(corral.home) == []


def test_the_file_of_a_service_that_was_killed_hinders_nobody(start_fake):
    first = start_fake()
    first.kill()
    first.wait()
    assert len(service_files(first.home)) == 1
    done = first.home.command("status")
    assert done.returncode == 1 and "corral serve" in done.stderr
    second = start_fake()
    assert first.home.command("status").returncode == 0
    assert service_files(second.home) == [f"service-{second.pid}.json"]


def test_of_several_services_the_newest_is_found(start, fake):
    start({"models": {"old": fake.model()}})
    newer = start({"models": {"new": fake.model()}})
    done = newer.home.command("status", "--json")
    assert [m["model"] for m in json.loads(done.stdout)["models"]] == ["new"]
    newer.stop()
    done = newer.home.command("status", "--json")
    assert [m["model"] for m in json.loads(done.stdout)["models"]] == ["old"]


def test_flag_wins_over_variable_and_variable_over_file(start, fake):
    one = start({"models": {"one": fake.model()}})
    two = start({"models": {"two": fake.model()}})

    def models(*arguments, **environment):
        done = one.home.command("status", "--json", *arguments, environment=environment)
        return [m["model"] for m in json.loads(done.stdout)["models"]]

    assert models() == ["two"]
    assert models(CORRAL_URL=one.url) == ["one"]
    assert models("--url", two.url, CORRAL_URL=one.url) == ["two"]


def test_the_file_is_the_user_s_own(start_fake):
    corral = start_fake()
    path = corral.home.path("run/corral/" + service_files(corral.home)[0])
    assert os.stat(path).st_mode & 0o777 == 0o600
    told = json.load(open(path))
    assert told == {"url": corral.url, "pid": corral.pid,
                    "config": corral.home.path("config.yaml"), "started": told["started"]}
    assert TIME.fullmatch(told["started"])


def test_status_is_readable(start_fake):
    corral = start_fake()
    corral.chat("fake")
    done = corral.home.command("status", "fake")
    assert done.returncode == 0
    pid = str(corral.running()["fake"]["pid"])
    assert "fake" in done.stdout and "ready" in done.stdout and pid in done.stdout


def test_status_tells_the_last_error_and_what_to_do(start_fake):
    corral = start_fake(fail_start="no more room")
    corral.http.post("/v1/chat/completions", json={"model": "fake", "messages": []})
    done = corral.home.command("status")
    assert done.returncode == 0
    assert "failed" in done.stdout and "no more room" in done.stdout


def test_status_of_an_unknown_model_names_the_nearest(start_fake):
    done = start_fake().home.command("status", "fakee")
    assert done.returncode == 1
    assert "'fake'" in done.stderr


def test_ps_shows_health_age_and_memory(start_fake):
    corral = start_fake()
    corral.chat("fake")
    head, line = corral.home.command("ps").stdout.splitlines()
    for title in ("MODEL", "STATE", "HEALTH", "UPTIME", "MEMORY"):
        assert title in head
    assert line.split()[:2] == ["fake", "ready"]


def test_a_control_character_of_an_engine_does_not_reach_the_terminal(start_fake):
    corral = start_fake(fail_start="bad \x1b[31mred")
    corral.http.post("/v1/chat/completions", json={"model": "fake", "messages": []})
    eventually(lambda: status_of(corral, "fake")["state"] == "failed", "it fails")
    out = corral.home.command("status").stdout
    assert "red" in out and "\x1b" not in out
