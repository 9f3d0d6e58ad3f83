"""Models that need more memory than there is."""

import shutil

import pytest

from service import TINY_GGUF
from test_status import status_of
from waiting import eventually

pytestmark = pytest.mark.needs_engine

# Of this model a token takes 2 KiB of cache: all these take 4 TiB.
ABSURD = 2_147_483_647


def config(**model):
    return {"models": {"large": {"gguf": TINY_GGUF, **model}, "small": {"gguf": TINY_GGUF}}}


def test_a_model_that_cannot_fit_is_refused_with_what_it_needs_and_stops_nobody(start):
    corral = start(config(ctx=ABSURD))
    corral.chat("small")
    reply = corral.http.post("/v1/chat/completions", json={
        "model": "large", "messages": [{"role": "user", "content": "Hello"}]})
    assert reply.status_code == 503
    status = status_of(corral, "large")
    assert status["state"] == "failed" and status["reduced"] is None
    error = status["last_error"]
    assert error["code"] == "out_of_memory"
    assert error["message"].count("GiB") == 4  # needed, weights, cache, there are
    for key in ("`ctx`", "`cacheTypeK`", "`onOutOfMemory: reduce`"):
        assert key in error["hint"]
    assert corral.state_of("small") == "ready"


def test_a_model_that_cannot_fit_runs_with_less_where_the_config_allows_it(start):
    corral = start(config(ctx=ABSURD, onOutOfMemory="reduce"))
    assert corral.chat("large", max_tokens=4)
    status = status_of(corral, "large")
    assert status["state"] == "ready" and status["last_error"] is None
    assert status["reduced"]["gpuLayers"] is None
    context = status["reduced"]["ctx"]
    assert 2048 <= context < ABSURD
    said = corral.home.command("status", "large").stdout
    assert f"reduced     to {context} tokens of context" in said
    assert "ready, reduced" in corral.home.command("ps").stdout
    corral.http.post("/api/models/unload")
    eventually(lambda: status_of(corral, "large")["state"] == "stopped", "it stops")
    assert status_of(corral, "large")["reduced"] is None


def test_a_start_after_the_config_fits_again_has_all_that_it_says(start):
    corral = start(config(ctx=ABSURD, onOutOfMemory="reduce"))
    corral.chat("large", max_tokens=4)
    corral.http.post("/api/models/set/large", params={"restart": ""}, json={"ctx": 4096})
    eventually(lambda: status_of(corral, "large")["state"] == "stopped", "it stops")
    corral.chat("large", max_tokens=4)
    status = status_of(corral, "large")
    assert status["state"] == "ready" and status["reduced"] is None


LITTLE = ("prlimit", f"--as={2 << 30}")  # of addresses, which no estimate knows


@pytest.fixture
def limited(start, sanitized):
    if sanitized:
        pytest.skip("a sanitizer takes more addresses than the limit leaves")
    if shutil.which("prlimit") is None:
        pytest.skip("this machine has no prlimit")

    def limited(**model):
        return start({"models": {"large": {"gguf": TINY_GGUF, **model}}}, under=LITTLE)

    return limited


def test_a_start_that_runs_out_of_memory_is_tried_once_with_less(limited):
    corral = limited(ctx=2_000_000, onOutOfMemory="reduce")  # 4 GiB
    assert corral.chat("large", max_tokens=4)
    status = status_of(corral, "large")
    assert status["state"] == "ready" and status["reduced"]["ctx"] == 2048
    assert status["last_error"]["code"] == "out_of_memory"
    assert status["restarts"] == 1


def test_a_start_that_runs_out_of_memory_fails_where_nothing_is_to_be_reduced(limited):
    corral = limited(ctx=2_000_000)
    reply = corral.http.post("/v1/chat/completions", json={
        "model": "large", "messages": [{"role": "user", "content": "Hello"}]})
    assert reply.status_code == 503
    status = status_of(corral, "large")
    assert status["state"] == "failed" and status["reduced"] is None
    assert status["last_error"]["code"] == "out_of_memory"


def test_what_was_written_among_args_is_not_reduced(start):
    corral = start(config(args=["-c", str(ABSURD)], onOutOfMemory="reduce"))
    reply = corral.http.post("/v1/chat/completions", json={
        "model": "large", "messages": [{"role": "user", "content": "Hello"}]})
    assert reply.status_code == 503
    assert status_of(corral, "large")["reduced"] is None


def test_checking_a_config_tells_of_a_model_that_cannot_fit(home):
    path = home.write_config(config(ctx=ABSURD))
    checked = home.command("config", "check", path)
    assert checked.returncode == 0 and "can be used: 2 models" in checked.stdout
    warnings = checked.stderr.splitlines()
    assert len(warnings) == 1
    line = next(number for number, text in enumerate(open(path), 1) if '"ctx"' in text)
    assert warnings[0].startswith(f"corral: warning: {path}:{line}:")
    assert "model 'large': it would need at least 4096.0 GiB of memory" in warnings[0]
    assert "`ctx`" in warnings[0]
