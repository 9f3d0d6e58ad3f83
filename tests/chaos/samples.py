"""What one process uses, over time, and whether it is still flat in the end."""

import os
import statistics
import threading
from dataclasses import dataclass

FIELDS = ("rss_kib", "pss_kib", "descriptors", "threads")


@dataclass
class Sample:
    rss_kib: int
    pss_kib: int
    descriptors: int
    threads: int

    @classmethod
    def of(cls, pid):
        sizes = {}
        with open(f"/proc/{pid}/smaps_rollup") as file:
            for line in file.readlines()[1:]:
                name, _, value = line.partition(":")
                sizes[name] = int(value.split()[0])
        return cls(sizes["Rss"], sizes["Pss"], len(os.listdir(f"/proc/{pid}/fd")),
                   len(os.listdir(f"/proc/{pid}/task")))


def tolerance(field, before):
    """How much more the last quarter may have than the second. The first one warms up: the rings
    of log lines fill, and the allocator learns what is in use at once."""
    if field.endswith("_kib"):
        return max(1024, before * 0.05)
    return {"descriptors": 3, "threads": 0}[field]


class Sampler(threading.Thread):
    def __init__(self, pid, every, over):
        super().__init__(name="sampler", daemon=True)
        self.pid = pid
        self.every = every
        self.over = over
        self.samples = []

    def run(self):
        while True:
            self.samples.append(Sample.of(self.pid))
            if self.over.wait(self.every):
                return

    def quarter(self, number, field):
        """The values of the first quarter (1), the second (2) and so on."""
        size = len(self.samples) // 4
        return [getattr(s, field) for s in self.samples[(number - 1) * size:number * size]]

    def report(self):
        """Prints every field's course; the number of fields that are not flat."""
        grown = 0
        for field in FIELDS:
            medians = [statistics.median(self.quarter(n, field)) for n in (1, 2, 3, 4)]
            allowed = medians[1] + tolerance(field, medians[1])
            flat = medians[3] <= allowed
            grown += not flat
            most = max(getattr(s, field) for s in self.samples)
            print(f"  {field:12} medians of the quarters {' '.join(f'{m:.0f}' for m in medians)}, "
                  f"most {most}: {'flat' if flat else f'NOT FLAT, more than {allowed:.0f}'}")
        return grown
