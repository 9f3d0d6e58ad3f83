"""A real small model answers a question; CORRAL_SMOLLM2 names its file."""

import os

import pytest

MODEL = os.environ.get("CORRAL_SMOLLM2")


@pytest.mark.needs_engine
@pytest.mark.timeout(300)
@pytest.mark.skipif(not MODEL, reason="CORRAL_SMOLLM2 names no model file")
def test_smollm2_answers_a_question(start):
    corral = start({"models": {"smollm2": {"gguf": MODEL, "args": ["-c", "2048"]}}})
    client = corral.openai().with_options(timeout=240)
    reply = client.chat.completions.create(
        model="smollm2", temperature=0, max_tokens=32,
        messages=[{"role": "user", "content": "What is gravity?"}])
    assert "physics" in reply.choices[0].message.content
