"""Options of an engine: they reach it, change at run time, and are remembered."""

import json
import os
import time

import pytest

import processes
from fake import words
from service import TINY_GGUF
from waiting import eventually


def flags_of(corral, model):
    """The engine's command line, as a list."""
    return processes.command_line(corral.running()[model]["pid"]).split()


def value_of(flags, flag):
    return flags[flags.index(flag) + 1]


def options_of(corral, model):
    reply = corral.http.get(f"/api/models/options/{model}").json()
    return {option["key"]: option for option in reply["options"]}


def set_options(corral, model, **values):
    return corral.http.post(f"/api/models/set/{model}", json=values)


def state_file(home, name="options.json"):
    return home.path(f".local/state/corral/{name}")


@pytest.mark.needs_engine
def test_options_of_the_config_reach_the_engine(start):
    corral = start({"models": {"tiny": {
        "gguf": TINY_GGUF, "ctx": 256, "batch": 64, "ubatch": 32, "threads": 1, "parallel": 2,
        "flashAttention": True, "cacheTypeK": "q8_0", "warmup": False, "chatTemplate": "chatml",
        "gpuLayers": "auto", "draft": TINY_GGUF}}})
    reply = corral.http.post("/completion", json={
        "model": "tiny", "prompt": "1, 2, 3, 1, 2, 3, 1, 2", "n_predict": 8, "temperature": 0})
    assert reply.json()["timings"]["draft_n"] > 0
    flags = flags_of(corral, "tiny")
    assert value_of(flags, "--ctx-size") == "256"
    assert value_of(flags, "--flash-attn") == "on"
    assert flags.count("--parallel") == 1 and flags.count("--threads") == 1
    props = corral.http.get("/upstream/tiny/props").json()
    assert props["total_slots"] == 2
    assert props["default_generation_settings"]["n_ctx"] == 256
    assert "<|im_start|>" in props["chat_template"]


@pytest.mark.needs_engine
def test_a_template_of_a_file_beside_the_config_is_used(start, home):
    with open(home.path("t.jinja"), "w") as file:
        file.write("{% for m in messages %}MARK{{ m.content }}{% endfor %}")
    corral = start({"models": {"tiny": {"gguf": TINY_GGUF, "chatTemplate": "t.jinja"}}})
    corral.chat("tiny", max_tokens=1)
    assert "MARK" in corral.http.get("/upstream/tiny/props").json()["chat_template"]


@pytest.mark.needs_engine
def test_an_option_that_is_set_counts_from_the_next_start_on(start):
    corral = start({"models": {"tiny": {"gguf": TINY_GGUF, "ctx": 256}}})
    corral.chat("tiny", max_tokens=1)
    reply = set_options(corral, "tiny", ctx=128, parallel=1).json()
    assert reply["outdated"] and "old options" in reply["message"]
    assert corral.chat("tiny", max_tokens=1)
    assert value_of(flags_of(corral, "tiny"), "--ctx-size") == "256"
    corral.http.post("/api/models/unload/tiny")
    corral.chat("tiny", max_tokens=1)
    flags = flags_of(corral, "tiny")
    assert value_of(flags, "--ctx-size") == "128" and value_of(flags, "--parallel") == "1"
    assert not corral.http.get("/api/models/options/tiny").json()["outdated"]


def test_what_is_set_and_taken_back_leaves_the_engine_as_it_is(start_fake):
    corral = start_fake({"unloadTimeout": 5})
    corral.chat("fake")
    assert set_options(corral, "fake", unloadTimeout=7).json()["outdated"]
    reply = set_options(corral, "fake", unloadTimeout=None).json()
    assert not reply["outdated"]
    assert options_of(corral, "fake")["unloadTimeout"]["value"] == 5


def test_set_with_restart_unloads_an_engine_when_it_is_idle(start_fake):
    corral = start_fake()
    corral.chat("fake")
    pid = corral.running()["fake"]["pid"]
    done = corral.home.command("set", "fake", "unloadTimeout=7", "--restart", "--url", corral.url)
    assert done.returncode == 0, done.stderr
    eventually(lambda: corral.state_of("fake") == "stopped", "the engine is unloaded", 10)
    assert corral.chat("fake") == words(5)
    assert corral.running()["fake"]["pid"] != pid


def test_set_lists_where_each_option_comes_from(start_fake):
    corral = start_fake({"keep": False, "canary": False})
    home = corral.home
    assert home.command("set", "fake", "stuckAfter=2m", "--url", corral.url).returncode == 0
    done = home.command("set", "fake", "--url", corral.url)
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    assert rows["stuckAfter"] == ["2m", "corral", "set"]
    assert rows["canary"][0] == "false" and "config.yaml:" in rows["canary"][1]
    assert rows["unloadTimeout"] == ["10", "default"]
    assert "ctx" not in rows  # it has no place in a command


@pytest.mark.parametrize("pair, says", [
    ("stuckAfter=soon", "corral set: model 'fake': stuckAfter must be a number of seconds, or a time "
                        "such as 500ms or 5m, not 'soon'"),
    ("stuckaftr=1", "did you mean 'stuckAfter'?"),
    ("ctx=1", "corral set: model 'fake': ctx belongs to a model with gguf"),
    ("limits={\"memory\": 3}", "memory must be at least 1MiB"),
    ("stuckAfter", "is no option with a value"),
])
def test_a_value_that_the_config_would_not_take_is_refused(plain, pair, says):
    done = plain.home.command("set", "fake", "keep=true", pair, "--url", plain.url)
    assert done.returncode == 1 and says in done.stderr, done.stderr
    assert options_of(plain, "fake")["keep"]["from"] == "default"


@pytest.mark.parametrize("path, body, status", [
    ("set/nobody", b"{}", 404), ("set/fake", b"[]", 400), ("set/fake", b"{", 400),
    ("set/fake", b'{"keep":' + b"[" * 50000 + b"]" * 50000 + b"}", 400),
    ("set/fake", b'{"keep":"\\u0000"}', 400), ("reset/fake", b"{}", 400),
    ("reset/fake", b'["nothing"]', 400), ("set/fake", b" " * 300000, 413),
])
def test_a_body_that_makes_no_sense_is_refused(plain, path, body, status):
    reply = plain.http.post("/api/models/" + path, content=body)
    assert reply.status_code == status, reply.text
    assert reply.json()["error"]["message"]


def test_the_routes_take_their_methods_alone(plain):
    assert plain.http.get("/api/models/set/fake").status_code == 405
    assert plain.http.post("/api/models/options/fake").status_code == 405


def test_what_was_set_is_there_after_a_restart_and_gone_after_a_reset(start, fake):
    config = {"models": {"fake": fake.model(), "other": fake.model()}}
    corral = start(config)
    home = corral.home
    set_options(corral, "fake", keep=True, stuckAfter="2m", limits={"nice": 3})
    set_options(corral, "other", keep=True)
    corral.stop()
    corral = start(config)
    options = options_of(corral, "fake")
    assert options["keep"]["value"] is True and options["keep"]["from"] == "set"
    assert options["limits"]["value"] == {"nice": 3}
    assert home.command("reset", "fake", "keep", "--url", corral.url).returncode == 0
    assert options_of(corral, "fake")["keep"]["from"] == "default"
    assert home.command("reset", "fake", "--url", corral.url).returncode == 0
    assert options_of(corral, "fake")["stuckAfter"]["from"] == "default"
    corral.stop()
    corral = start(config)
    assert options_of(corral, "fake")["stuckAfter"]["from"] == "default"
    assert options_of(corral, "other")["keep"]["from"] == "set"


def test_what_was_set_survives_kill_9_and_touches_no_file_of_the_person(start_fake):
    corral = start_fake()
    with open(corral.home.path("config.yaml")) as file:
        before = file.read()
    set_options(corral, "fake", keep=True)
    corral.kill()
    corral.wait()
    with open(state_file(corral.home)) as file:
        kept = json.load(file)
    assert kept["configs"][corral.home.path("config.yaml")] == {"fake": {"keep": True}}
    with open(corral.home.path("config.yaml")) as file:
        assert file.read() == before
    assert os.listdir(os.path.dirname(state_file(corral.home))) == ["options.json"]


@pytest.mark.parametrize("text", ["", "{", "nonsense", '{"version": 9, "configs": {}}'])
def test_a_broken_state_file_is_set_aside(start_fake, home, text):
    path = state_file(home)
    os.makedirs(os.path.dirname(path))
    with open(path, "w") as file:
        file.write(text)
    corral = start_fake()
    assert corral.chat("fake") == words(5)
    assert set_options(corral, "fake", keep=True).status_code == 200
    with open(path + ".broken") as file:
        assert file.read() == text
    with open(path) as file:
        assert json.load(file)["version"] == 1


def test_what_the_config_does_not_take_any_more_is_forgotten_and_the_rest_stays(start_fake, home):
    path = state_file(home)
    os.makedirs(os.path.dirname(path))
    kept = {"fake": {"keep": True, "ctx": 5, "gone": 1, "stuckAfter": "x"}, "nobody": {"ctx": 1}}
    with open(path, "w") as file:
        json.dump({"version": 1, "configs": {home.path("config.yaml"): kept}}, file)
    corral = start_fake()
    options = options_of(corral, "fake")
    assert options["keep"]["from"] == "set" and options["stuckAfter"]["from"] == "default"
    assert "ctx must" in corral.stderr() or "ctx belongs" in corral.stderr()


def test_what_cannot_be_kept_is_told(start_fake, home):
    os.makedirs(home.path(".local/state"))
    with open(home.path(".local/state/corral"), "w") as file:
        file.write("a file where the folder should be")
    corral = start_fake()
    reply = set_options(corral, "fake", keep=True)
    assert reply.status_code == 200
    assert "forgotten when Corral ends" in reply.json()["message"]
    assert options_of(corral, "fake")["keep"]["from"] == "set"


def test_models_are_loaded_at_start(start, fake):
    corral = start({"hooks": {"on_startup": {"preload": ["first"]}},
                    "models": {"a": fake.model(), "b": fake.model({"aliases": ["first"]})}})
    eventually(lambda: corral.state_of("b") == "ready", "b is loaded", 10)
    assert corral.state_of("a") == "stopped"


def test_a_model_that_cannot_be_loaded_at_start_is_no_hindrance(start, fake):
    corral = start({"hooks": {"on_startup": {"preload": ["a", "b"]}},
                    "models": {"a": {"cmd": "/no/such/program ${PORT}"}, "b": fake.model()}})
    eventually(lambda: corral.state_of("b") == "ready", "b is loaded", 10)
    assert corral.chat("b") == words(5)


def test_the_model_that_was_used_last_comes_back(start, fake):
    config = {"restoreLast": True, "models": {"a": fake.model(), "b": fake.model()}}
    corral = start(config)
    assert corral.running() == {}
    corral.chat("a")
    corral.chat("b")
    corral.stop()
    corral = start(config)
    eventually(lambda: corral.state_of("b") == "ready", "the last model is loaded", 10)
    corral.chat("a")

    def kept():
        with open(state_file(corral.home, "last.json")) as file:
            return json.load(file)["configs"][corral.home.path("config.yaml")]

    eventually(lambda: kept() == "a", "the last model is remembered while corral runs", 10)
    corral.kill()
    corral.wait()
    corral = start({**config, "restoreLast": False})
    assert corral.running() == {}


def test_a_command_has_its_unload_timeout_to_end(start_fake):
    corral = start_fake({"unloadTimeout": "200ms"}, ignore_sigterm=True)
    corral.chat("fake")
    began = time.monotonic()
    assert corral.http.post("/api/models/unload/fake").status_code == 200
    assert corral.state_of("fake") == "stopped"
    assert time.monotonic() - began < 9  # the default alone is 10 s


def test_a_model_has_its_own_time_to_start(start_fake):
    corral = start_fake({"startupTimeout": "300ms"}, load_ms=60000)
    reply = corral.http.post("/v1/chat/completions", json={"model": "fake", "messages": []})
    assert reply.status_code >= 500
    assert "startupTimeout" in reply.text
