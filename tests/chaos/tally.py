"""What became of the requests. Every request has exactly one outcome."""

import re
import threading
from collections import Counter

# The order in which they are printed, and what each means.
OUTCOMES = {
    "answered": "the whole right reply",
    "error event": "a stream that ended with an error event",
    "refused": "an error status with a message",
    "broken off": "a plain reply that broke off after its head: the only way left to tell",
    "refused while down": "no connection, because corral was down or about to end",
    "killed with corral": "unfinished when corral itself got kill -9",
    "left": "the client itself left in the middle of a stream",
    "lost": "no clear answer while corral was up",
    "silent": "a stream that ended without its last event and without an error event",
    "wrong": "a reply with another text than its model gives",
}
MUST_BE_NONE = ("lost", "silent", "wrong")


class Tally:
    """Written by all client threads."""

    def __init__(self):
        self._lock = threading.Lock()
        self.outcomes = Counter()
        self.reasons = Counter()
        self.details = []  # of what must not be

    def add(self, outcome, why, detail):
        """`why` is what the client was told, `detail` says which request it was."""
        assert outcome in OUTCOMES
        with self._lock:
            self.outcomes[outcome] += 1
            if outcome not in ("answered", "left"):
                self.reasons[outcome, re.sub(r"\d+", "N", why)[:150]] += 1
            if outcome in MUST_BE_NONE:
                self.details.append(f"{outcome}: {detail}: {why}")

    def requests(self):
        with self._lock:
            return self.outcomes.total()

    def bad(self):
        return sum(self.outcomes[name] for name in MUST_BE_NONE)
