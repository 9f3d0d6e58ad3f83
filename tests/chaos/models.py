"""The models that the clients ask for, and what each must answer."""

import os
import random
import shutil
from dataclasses import dataclass

from fake import FakeEngine, words
from service import TINY_GGUF, free_ports

# What the tiny model says at temperature 0.
KNOWN = {
    "Hello": "Hello! How can I help you today?",
    "What is 3 + 4?": "3 + 4 = 7.",
    "What is the capital of France?": "The capital of France is Paris.",
}


@dataclass
class Question:
    model: str
    text: str
    answer: str  # "" if nothing is known about it


class Models:
    """`cut` serves a copy of the tiny model that the chaos truncates and restores."""

    def __init__(self, home, fake: FakeEngine, fakes=None):
        """`fakes` names those of the fake engines that there shall be; None means all."""
        self.cut_path = home.path("cut.gguf")
        self.restore()
        self.fakes = {
            "fast": {"events": 40},
            "slow": {"events": 20, "rate": 100, "load_ms": 50},
            "flood": {"events": 10, "stderr_flood": 4_000_000},
            "stubborn": {"events": 10, "rate": 200, "ignore_sigterm": True},
            "breaks": {"events": 20, "crash_after_chunks": 9},
        }
        if fakes is not None:
            self.fakes = {name: self.fakes[name] for name in fakes}
        self.real = ("tiny", "other", "cut")
        path = {"tiny": TINY_GGUF, "other": TINY_GGUF, "cut": self.cut_path}
        entries = {name: {"gguf": path[name]} for name in self.real}
        entries |= {name: fake.model(**flags) for name, flags in self.fakes.items()}
        self.config = {"healthCheckTimeout": 15, "startPort": free_ports(len(entries)),
                       "models": entries}

    def question(self, chance: random.Random, large):
        """`large` makes one of more than what corral keeps in memory, for the fakes alone."""
        if not large and chance.random() < 0.55:
            text = chance.choice(list(KNOWN))
            return Question(chance.choice(self.real), text, KNOWN[text])
        # To stop the stubborn one takes seconds in which nobody else is served.
        names = list(self.fakes)
        name = chance.choices(names, [1 if n == "stubborn" else 10 for n in names])[0]
        text = "a" * 1_300_000 if large else "Hello"
        return Question(name, text, words(self.fakes[name]["events"]))

    def restore(self):
        shutil.copy(TINY_GGUF, self.cut_path + ".new")
        os.rename(self.cut_path + ".new", self.cut_path)

    def truncate(self, in_place):
        """In place, an engine that has the file mapped loses what it reads."""
        size = os.path.getsize(TINY_GGUF) // 2
        if in_place:
            os.truncate(self.cut_path, size)
            return
        shutil.copy(TINY_GGUF, self.cut_path + ".new")
        os.truncate(self.cut_path + ".new", size)
        os.rename(self.cut_path + ".new", self.cut_path)
