"""Clients that ask without end, with the SDKs that people use, and judge every reply."""

import random
import threading
import time

import anthropic
import httpx2
import openai

TIMEOUT = 60
MESSAGE_ERRORS = (openai.APIStatusError, anthropic.APIStatusError)
API_ERRORS = (openai.APIError, anthropic.APIError)
CONNECTION_ERRORS = (openai.APIConnectionError, anthropic.APIConnectionError, httpx2.TransportError)


class Unfinished(Exception):
    """A stream ended like a whole one, yet its last event had not come."""


class Left(Exception):
    """The client left, as it was told."""


class Sdks:
    """The two SDKs' clients of one era."""

    def __init__(self, era):
        self.era = era
        self.http = httpx2.Client(trust_env=False, timeout=TIMEOUT)
        self.openai = openai.OpenAI(
            base_url=era.url + "/v1", api_key="none", max_retries=0, http_client=self.http)
        self.anthropic = anthropic.Anthropic(
            base_url=era.url, api_key="none", max_retries=0, http_client=self.http)

    def ask(self, dialect, streams, question, leaves):
        """The reply's text. With `leaves` only the beginning of a stream is read."""
        messages = [{"role": "user", "content": question.text}]
        more = {"model": question.model, "messages": messages, "max_tokens": 60}
        if leaves:
            self._begin(more)
        return getattr(self, f"_{dialect}_{'stream' if streams else 'plain'}")(more)

    def _begin(self, more):
        with self.openai.chat.completions.create(stream=True, **more) as chunks:
            begun = next(iter(chunks), None) is not None
        raise Left if begun else Unfinished

    def _openai_plain(self, more):
        reply = self.openai.chat.completions.create(temperature=0, **more)
        return reply.choices[0].message.content

    def _openai_stream(self, more):
        text, finished = "", False
        chunks = self.openai.chat.completions.create(temperature=0, stream=True, **more)
        for chunk in chunks:
            for choice in chunk.choices:
                text += choice.delta.content or ""
                finished = finished or choice.finish_reason is not None
        if not finished:
            raise Unfinished
        return text

    def _anthropic_plain(self, more):
        reply = self.anthropic.messages.create(extra_body={"temperature": 0}, **more)
        return "".join(block.text for block in reply.content if block.type == "text")

    def _anthropic_stream(self, more):
        text, finished = "", False
        events = self.anthropic.messages.create(
            stream=True, extra_body={"temperature": 0}, **more)
        for event in events:
            if event.type == "content_block_delta" and event.delta.type == "text_delta":
                text += event.delta.text
            finished = finished or event.type == "message_stop"
        if not finished:
            raise Unfinished
        return text


class Client(threading.Thread):
    """Asks one question after another until `over` is set."""

    def __init__(self, number, seed, eras, models, tally, over):
        super().__init__(name=f"client {number}", daemon=True)
        self.chance = random.Random(f"{seed}/{number}")
        self.eras = eras
        self.models = models
        self.tally = tally
        self.over = over
        self.sdks = None

    def run(self):
        while not self.over.is_set():
            era = self.eras.current
            if self.sdks is None or self.sdks.era is not era:
                if self.sdks is not None:
                    self.sdks.http.close()
                self.sdks = Sdks(era)
            self._ask()

    def _ask(self):
        dialect = self.chance.choice(("openai", "anthropic"))
        streams = self.chance.random() < 0.6
        leaves = streams and self.chance.random() < 0.05
        question = self.models.question(self.chance, self.chance.random() < 0.03)
        began = time.monotonic()
        try:
            text = self.sdks.ask(dialect, streams, question, leaves)
            outcome, why = ("answered", "") if text == question.answer else ("wrong", repr(text))
        except Left:
            outcome, why = "left", ""
        except Exception as error:  # also what no SDK should ever raise: it is judged all the same
            outcome, why = judge(error, streams, self.sdks.era, began)
        kind = "stream" if streams else "plain reply"
        self.tally.add(outcome, why, f"{dialect} {kind} of {question.model}, process "
                       f"{self.sdks.era.pid}, after {time.monotonic() - began:.3f} s")
        if outcome == "refused while down":
            self.over.wait(0.2)


def judge(error, streams, era, began):
    """The outcome that an exception stands for, and why."""
    why = f"{type(error).__name__}: {error} ({type(error.__cause__).__name__}: {error.__cause__})"
    if isinstance(error, MESSAGE_ERRORS):
        if error.status_code == 200:
            return "error event", why
        return ("refused" if error.message else "lost"), why
    if isinstance(error, CONNECTION_ERRORS):
        return judge_connection(error, streams, era, began), why
    if isinstance(error, API_ERRORS):
        return ("error event" if streams else "lost"), why
    if isinstance(error, Unfinished):
        return ("killed with corral" if era.killed else "silent"), why
    return "lost", why


def judge_connection(error, streams, era, began):
    cause = error.__cause__ if error.__cause__ is not None else error
    if isinstance(cause, httpx2.ConnectError):
        return "refused while down" if era.was_closing(began) else "lost"
    if era.killed:
        return "killed with corral"
    if isinstance(cause, httpx2.RemoteProtocolError) and "message body" in str(cause):
        return "silent" if streams else "broken off"
    return "refused while down" if era.was_closing(began) else "lost"
