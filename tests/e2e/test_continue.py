"""Streams whose engine dies in the middle: another goes on, and the client notices nothing."""

import json
import os
import signal

import pytest

from fake import words

SMOLLM2 = os.environ.get("CORRAL_SMOLLM2")
HELLO = [{"role": "user", "content": "Hello"}]
SEA = [{"role": "user", "content": "Write two sentences about the sea."}]
DEATHS = pytest.mark.parametrize("deaths", [1, 2, 3])


def data_of(corral, path, body):
    """The data of each event of a stream, which must end as a whole one."""
    with corral.http.stream("POST", path, json={**body, "stream": True}) as reply:
        assert reply.status_code == 200
        return [line[6:] for line in reply.iter_lines() if line.startswith("data: ")]


def continued(corral, model="fake"):
    return corral.metric("corral_streams_continued_total", model=model)


def dying(deaths):
    """Flags of an engine that dies so often before a reply of four words for each life is done."""
    return {"events": 4 * deaths + 2, "crash_after_chunks": 4}


@DEATHS
def test_a_chat_stream_goes_on_as_one(start_fake, deaths):
    corral = start_fake(**dying(deaths))
    body = {"model": "fake", "messages": HELLO, "stream_options": {"include_usage": True}}
    *chunks, done = data_of(corral, "/v1/chat/completions", body)
    assert done == "[DONE]"
    chunks = [json.loads(chunk) for chunk in chunks]
    assert len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in chunks}) == 1
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    assert [choice["delta"] for choice in choices if "role" in choice["delta"]] == [
        {"role": "assistant", "content": None}]
    assert "".join(choice["delta"].get("content") or "" for choice in choices) == words(
        4 * deaths + 2)
    assert [c["finish_reason"] for c in choices if c["finish_reason"]] == ["stop"]
    usages = [chunk["usage"] for chunk in chunks if "usage" in chunk]
    assert [(u["prompt_tokens"], u["completion_tokens"], u["total_tokens"]) for u in usages] == [
        (7, 4 * deaths + 2, 4 * deaths + 9)]
    assert continued(corral) == deaths
    assert corral.metric("corral_generated_tokens_total", model="fake") == 4 * deaths + 2
    assert corral.metric("corral_prompt_tokens_total", model="fake") == 7


def test_a_stream_ends_with_its_engine_where_the_config_says_so(start, fake):
    corral = start({"continueStreams": False, "models": {"fake": fake.model(**dying(1))}})
    body = {"model": "fake", "messages": HELLO}
    *chunks, last = data_of(corral, "/v1/chat/completions", body)
    assert "ended in the middle" in json.loads(last)["error"]["message"]
    assert len(chunks) >= 4 and continued(corral) == 0


@DEATHS
def test_openais_sdk_reads_a_stream_that_goes_on(start_fake, deaths):
    corral = start_fake(**dying(deaths))
    with corral.openai().chat.completions.stream(model="fake", messages=HELLO) as stream:
        reply = stream.get_final_completion()
    assert reply.choices[0].message.content == words(4 * deaths + 2)
    assert reply.choices[0].finish_reason == "stop"
    assert continued(corral) == deaths


@DEATHS
def test_anthropics_sdk_reads_a_stream_that_goes_on(start_fake, deaths):
    corral = start_fake(**dying(deaths))
    with corral.anthropic().messages.stream(
            model="fake", messages=HELLO, max_tokens=50) as stream:
        reply = stream.get_final_message()
    assert [block.text for block in reply.content] == [words(4 * deaths + 2)]
    assert reply.stop_reason == "end_turn"
    assert reply.usage.output_tokens == 4 * deaths + 2
    assert continued(corral) == deaths


@DEATHS
@pytest.mark.parametrize("path", ["/v1/completions", "/completion"])
def test_a_completion_goes_on_with_its_prompt(start_fake, path, deaths):
    corral = start_fake(**dying(deaths))
    events = data_of(corral, path, {"model": "fake", "prompt": "Once"})
    if path == "/v1/completions":
        assert events.pop() == "[DONE]"
    events = [json.loads(event) for event in events]
    texts = [e["content"] if path == "/completion" else e["choices"][0]["text"] for e in events]
    if path == "/completion":
        assert events[-1]["stop"] is True
        assert events[-1]["tokens_predicted"] == 4 * deaths + 2
        texts.pop()  # the fake one says all of its text again at the end
    assert "".join(texts) == words(4 * deaths + 2)
    assert continued(corral) == deaths


def test_a_limit_of_tokens_counts_those_that_came_before(start_fake):
    corral = start_fake(events=20, crash_after_chunks=4)
    with corral.openai().chat.completions.stream(
            model="fake", messages=HELLO, max_tokens=10) as stream:
        for _ in stream:
            pass
        choice = stream.current_completion_snapshot.choices[0]
    assert choice.message.content == words(10)
    assert choice.finish_reason == "length"
    assert continued(corral) == 2


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_a_stream_that_had_all_its_tokens_ends_by_their_limit(start_fake, path):
    """It dies behind the last word, before it can say so."""
    corral = start_fake(events=20, crash_after_limit=True)
    *events, last = data_of(corral, path, {"model": "fake", "messages": HELLO, "max_tokens": 4})
    events = [json.loads(event) for event in events]
    if path == "/v1/messages":
        assert json.loads(last) == {"type": "message_stop"}
        assert events[-1]["delta"]["stop_reason"] == "max_tokens"
        assert events[-1]["usage"]["output_tokens"] == 4
        assert events[-2] == {"type": "content_block_stop", "index": 0}
    else:
        assert last == "[DONE]"
        assert events[-1]["choices"][0]["finish_reason"] == "length"
    assert continued(corral) == 0


def test_an_answer_that_was_begun_by_the_client_goes_on(start_fake):
    corral = start_fake(events=9, crash_after_chunks=4)
    begun = [*HELLO, {"role": "assistant", "content": words(2)}]
    *chunks, _ = data_of(corral, "/v1/chat/completions", {"model": "fake", "messages": begun})
    text = "".join(json.loads(c)["choices"][0]["delta"].get("content") or "" for c in chunks)
    assert words(2) + text == words(9)
    assert continued(corral) == 1


@pytest.mark.parametrize("more", [
    {"response_format": {"type": "json_object"}}, {"grammar": "root ::= [a-z]"}, {"logprobs": True},
    {"n": 2}])
def test_what_cannot_go_on_ends_with_an_error_that_says_why(start_fake, more):
    corral = start_fake(crash_after_chunks=2)
    events = data_of(corral, "/v1/chat/completions", {"model": "fake", "messages": HELLO, **more})
    assert "no other can go on" in json.loads(events[-1])["error"]["message"]
    assert continued(corral) == 0
    assert corral.metric("corral_replies_cut_total", model="fake") == 1


def test_a_grammar_that_has_not_begun_is_no_hindrance(start_fake):
    """The engine dies behind the first event, which has no text."""
    corral = start_fake(crash_after_chunks=0, crash_once="crashed")
    body = {"model": "fake", "messages": HELLO, "response_format": {"type": "json_object"}}
    *chunks, done = data_of(corral, "/v1/chat/completions", body)
    text = "".join(json.loads(c)["choices"][0]["delta"].get("content") or "" for c in chunks)
    assert (text, done) == (words(5), "[DONE]")


def test_a_client_hears_that_its_stream_waits(start_fake):
    corral = start_fake(crash_after_chunks=2, crash_once="crashed", load_ms=6000)
    with corral.http.stream("POST", "/v1/chat/completions",
                            json={"model": "fake", "messages": HELLO, "stream": True}) as reply:
        lines = [line for line in reply.iter_lines() if line]
    first = next(i for i, line in enumerate(lines) if line.startswith("data: "))
    assert ": waiting for the model" in lines[first:]
    assert lines[-1] == "data: [DONE]"


def stream_with_deaths(corral, model, deaths, ask, number=signal.SIGKILL):
    """The text of a stream. After every third piece the engine gets the signal, so many times."""
    text, count = "", 0
    for piece in ask():
        text += piece
        count += 1 if piece else 0
        if piece and count % 3 == 0 and deaths > 0:
            deaths -= 1
            os.kill(corral.running()[model]["pid"], number)
    assert deaths == 0
    return text


def openai_pieces(corral, model, messages, max_tokens):
    chunks = corral.openai().chat.completions.create(
        model=model, messages=messages, stream=True, temperature=0, max_tokens=max_tokens)
    for chunk in chunks:
        yield chunk.choices[0].delta.content or ""


def anthropic_pieces(corral, model, messages, max_tokens):
    with corral.anthropic().messages.stream(
            model=model, messages=messages, max_tokens=max_tokens,
            extra_body={"temperature": 0}) as stream:
        yield from stream.text_stream


@pytest.mark.needs_engine
@pytest.mark.timeout(300)
@pytest.mark.skipif(not SMOLLM2, reason="CORRAL_SMOLLM2 names no model file")
@DEATHS
@pytest.mark.parametrize("pieces", [openai_pieces, anthropic_pieces])
def test_smollm2_says_the_same_whether_it_is_killed_or_not(start, pieces, deaths):
    corral = start({"models": {"smol": {"gguf": SMOLLM2, "args": ["-c", "1024"]}}})
    undisturbed = "".join(pieces(corral, "smol", SEA, 60))
    killed = stream_with_deaths(corral, "smol", deaths,
                                lambda: pieces(corral, "smol", SEA, 60))
    assert killed == undisturbed
    # An engine that had said all before it was killed needs no other.
    assert 1 <= continued(corral, "smol") <= deaths


@pytest.mark.needs_engine
@pytest.mark.timeout(120)
@pytest.mark.skipif(not SMOLLM2, reason="CORRAL_SMOLLM2 names no model file")
def test_smollm2_goes_on_when_somebody_tells_its_engine_to_end(start):
    # llama-server then serves nobody any more, and lives on until its next ping of the stream.
    corral = start({"models": {"smol": {"gguf": SMOLLM2, "args": ["-c", "1024"]}}})
    undisturbed = "".join(openai_pieces(corral, "smol", SEA, 60))
    told = stream_with_deaths(corral, "smol", 1, lambda: openai_pieces(corral, "smol", SEA, 60),
                              signal.SIGTERM)
    assert told == undisturbed
    assert continued(corral, "smol") >= 1
