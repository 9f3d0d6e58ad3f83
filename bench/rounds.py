"""Interleaved rounds: every subject once, then every subject again, so that what happens to the
machine meanwhile happens to all of them. Rows hold the samples; the table shows their medians."""

import statistics

from client import BenchError


class Row:
    """One line of the table."""

    def __init__(self, key, title, unit, digits=1, more_is_better=False):
        self.key, self.title, self.unit, self.digits = key, title, unit, digits
        self.more_is_better = more_is_better
        self.samples = {}  # by subject
        self.bases = {}    # of a row that shows differences: the base's own samples, by subject
        self.failures = {}

    def add(self, subject, value):
        self.samples.setdefault(subject, []).append(value)

    def add_over(self, base, values):
        """From one round's values by subject: what each has more than `base`."""
        if base not in values:
            return
        self.bases.setdefault(base, []).append(values[base])
        for subject, value in values.items():
            if subject != base:
                self.add(subject, value - values[base])

    def median(self, subject):
        values = self.samples.get(subject)
        return statistics.median(values) if values and subject not in self.failures else None

    def base_median(self, subject):
        values = self.bases.get(subject)
        return statistics.median(values) if values and subject not in self.failures else None

    def as_json(self):
        return {"title": self.title, "unit": self.unit, "samples": self.samples,
                "bases": self.bases, "failures": self.failures}


def interleave(bench, rows, subjects, sample, rounds):
    """Calls sample(subject) `rounds` times for each, in turn; returns each round's values.

    A subject that fails is left out from then on, and its cells in `rows` say so.
    """
    failed = set()
    history = []
    for number in range(rounds):
        values = {}
        for subject in subjects:
            name = subject.name
            if name in failed:
                continue
            bench.say(f"{rows[0].key}: round {number + 1} of {rounds}, {name}")
            try:
                values[name] = sample(subject)
            except (BenchError, OSError) as error:
                failed.add(name)
                for row in rows:
                    row.failures[name] = str(error)
                subject.stop()
        history.append(values)
    return history


class Running:
    """Subjects that run through all the rounds of a measure. One that cannot start has failed."""

    def __init__(self, rows, subjects):
        self.rows, self.subjects = rows, subjects
        self.up = []

    def __enter__(self):
        for subject in self.subjects:
            try:
                self.up.append(subject.start_ready())
            except (BenchError, OSError) as error:
                subject.stop()
                for row in self.rows:
                    row.failures[subject.name] = str(error)
        return self.up

    def __exit__(self, *_):
        for subject in self.up:
            subject.stop()
