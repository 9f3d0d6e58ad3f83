"""A request of 100 MB passes through; Corral does not keep it in memory."""

import os

import pytest

import processes

SIZE = 100_000_000
PIECE = b"a" * 1_000_000


def send(corral, before, after):
    """Posts a chat whose text fills up to SIZE bytes; the reply."""
    def pieces():
        yield before
        left = SIZE - len(before) - len(after)
        while left > 0:
            yield PIECE[:left]
            left -= len(PIECE)
        yield after

    return corral.http.post("/v1/chat/completions", content=pieces(), headers={
        "Content-Type": "application/json", "Content-Length": str(SIZE)})


BODIES = {
    "model_first": (b'{"model":"fake","messages":[{"role":"user","content":"', b'"}]}'),
    "model_last": (b'{"messages":[{"role":"user","content":"', b'"}],"model":"fake"}'),
}


@pytest.mark.parametrize("body", BODIES)
def test_a_body_of_100_mb_passes_in_constant_memory(start_fake, sanitized, body):
    corral = start_fake()
    corral.chat("fake")
    before = processes.memory_kib(corral.pid, "VmHWM")
    reply = send(corral, *BODIES[body])
    assert reply.status_code == 200, reply.text
    assert int(reply.headers["X-Received-Bytes"]) == SIZE
    growth = processes.memory_kib(corral.pid, "VmHWM") - before
    # A sanitizer keeps freed memory for a while.
    assert growth < (300_000 if sanitized else 8_000), f"{growth} KiB more at the peak"


def test_no_file_is_left_of_a_large_body(start_fake):
    corral = start_fake()
    assert send(corral, *BODIES["model_last"]).status_code == 200
    assert os.listdir(corral.home.path("tmp")) == []
