"""The embedded engine behind every route, asked by the SDKs that people use."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from service import TINY_GGUF

pytestmark = pytest.mark.needs_engine

QUESTION = [{"role": "user", "content": "What is the capital of France?"}]
ANSWER = "The capital of France is Paris."


def test_chat_answers(tiny):
    reply = tiny.openai().chat.completions.create(model="tiny", messages=QUESTION, temperature=0)
    assert reply.choices[0].message.content == ANSWER
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens


def test_chat_stream_gives_the_same_answer_in_pieces(tiny):
    stream = tiny.openai().chat.completions.create(
        model="tiny", messages=QUESTION, temperature=0, stream=True,
        stream_options={"include_usage": True})
    chunks = list(stream)
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(pieces) == ANSWER
    assert len(pieces) > 5
    assert chunks[-1].usage.completion_tokens > 3


def test_an_alias_reaches_the_model(tiny):
    assert tiny.chat("small", "What is 3 + 4?") == "3 + 4 = 7."


def test_each_slot_may_use_the_whole_context(start):
    split = {"gguf": TINY_GGUF, "args": "--ctx-size 512 -np 2 --no-kv-unified"}
    corral = start({"models": {
        "whole": {"gguf": TINY_GGUF, "args": "--ctx-size 512"}, "split": split}})
    for model, sizes in (("whole", [512] * 4), ("split", [256] * 2)):
        corral.chat(model)
        slots = corral.http.get(f"/upstream/{model}/slots").json()
        assert [slot["n_ctx"] for slot in slots] == sizes


def test_completions_go_on_with_a_text(tiny):
    reply = tiny.openai().completions.create(
        model="tiny", prompt="The capital of France is", max_tokens=8, temperature=0)
    assert reply.choices[0].text
    assert reply.usage.completion_tokens <= 8


def test_completions_stream(tiny):
    stream = tiny.openai().completions.create(
        model="tiny", prompt="The capital of France is", max_tokens=8, temperature=0, stream=True)
    assert "".join(chunk.choices[0].text for chunk in stream if chunk.choices)


def test_the_native_completion_route_answers(tiny):
    reply = tiny.http.post("/completion", json={"model": "tiny", "prompt": "Hello", "n_predict": 4})
    assert reply.status_code == 200
    assert reply.json()["tokens_predicted"] <= 4


def test_embeddings_of_equal_texts_are_equal(tiny):
    reply = tiny.openai().embeddings.create(
        model="embedder", input=["the dog", "the dog", "3 + 4"], encoding_format="float")
    first, second, third = (row.embedding for row in reply.data)
    assert len(first) == 128
    assert first == pytest.approx(second, abs=1e-4)
    assert first != pytest.approx(third, abs=1e-2)


def test_rerank_scores_every_document(tiny):
    reply = tiny.http.post("/v1/rerank", json={
        "model": "ranker", "query": "dog", "documents": ["a dog", "a sum", "a city"]})
    assert reply.status_code == 200
    assert sorted(row["index"] for row in reply.json()["results"]) == [0, 1, 2]


def test_responses_answer(tiny):
    reply = tiny.openai().responses.create(
        model="tiny", input="What is the capital of France?", temperature=0)
    assert reply.output_text == ANSWER


def test_responses_stream(tiny):
    stream = tiny.openai().responses.create(
        model="tiny", input="What is the capital of France?", temperature=0, stream=True)
    events = list(stream)
    text = "".join(e.delta for e in events if e.type == "response.output_text.delta")
    assert text == ANSWER
    assert events[-1].type == "response.completed"


def test_messages_answer_in_the_anthropic_dialect(tiny):
    reply = tiny.anthropic().messages.create(
        model="tiny", messages=QUESTION, max_tokens=50, extra_body={"temperature": 0})
    assert reply.content[0].text == ANSWER
    assert reply.usage.output_tokens > 3


def test_messages_stream_in_the_anthropic_dialect(tiny):
    with tiny.anthropic().messages.stream(
            model="tiny", messages=QUESTION, max_tokens=50,
            extra_body={"temperature": 0}) as stream:
        assert "".join(stream.text_stream) == ANSWER
        assert stream.get_final_message().stop_reason == "end_turn"


def test_messages_tokens_are_counted(tiny):
    count = tiny.anthropic().messages.count_tokens(model="tiny", messages=QUESTION)
    assert count.input_tokens > 5


def test_many_clients_of_one_model_all_get_their_own_answer(tiny):
    sums = [(a, b) for a in range(1, 7) for b in range(1, 6)]
    alone = tiny.chat("tiny", "What is 3 + 4?")
    with ThreadPoolExecutor(len(sums)) as pool:
        answers = list(pool.map(lambda s: tiny.chat("tiny", f"What is {s[0]} + {s[1]}?"), sums))
    assert alone == answers[sums.index((3, 4))] == "3 + 4 = 7."
    assert all(answer.startswith(f"{a} + {b} =") for (a, b), answer in zip(sums, answers))
    assert tiny.running()["tiny"]["in_flight"] == 0
