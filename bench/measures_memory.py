"""What connections, streams and large bodies cost in memory. Each sample has a subject of its own,
freshly started, because an allocator keeps what it once had."""

import processes
from client import Load
from engine_subjects import routers_alone
from rounds import Row, interleave
from subjects import Direct, subjects_but

MB = 1e6
IDLE, STREAMS = 2000, 500
BODY = 100_000_000


def memory(bench):
    """Proportional set size: at the start, then what idle connections or live streams add."""
    start = Row("memory", "memory after its first request", "MB")
    idle = Row("memory", f"added by {IDLE:,} idle connections", "MB")
    live = Row("memory", f"added by {STREAMS} live streams", "MB")

    def sample(subject):
        with subject:
            before = subject.pss()
            start.add(subject.name, before / MB)
            if subject.name == "router":
                return  # a connection holds one of its threads, so it serves some 60, and no more
            # A request each, and then they stay open.
            with Load(bench, subject.port, model=subject.model, connections=IDLE,
                      requests=0) as load:
                idle.add(subject.name, (subject.pss() - before) / MB)
                load.go()
                load.good_result(needs_answers=False)
        with subject:
            before = subject.pss()
            with Load(bench, subject.port, model=subject.model, connections=STREAMS, warm=0,
                      stream=True, rate=10, max_tokens=20) as load:
                load.go()
                load.expect("live")
                live.add(subject.name, (subject.pss() - before) / MB)
                load.good_result()

    subjects = subjects_but(bench, Direct) + routers_alone(bench)
    interleave(bench, [start, idle, live], subjects, sample, bench.rounds(3))
    return [start, idle, live]


def body(bench):
    """One request of 100 MB, with the model's name at its beginning and then at its end."""
    first = Row("body", "100 MB body, model first", "ms")
    last = Row("body", "100 MB body, model last", "ms")
    growth = Row("body", "memory added by these bodies", "MB")

    def sample(subject):
        with subject:
            before = processes.resident_bytes(subject.own())
            processes.reset_peak(subject.own())
            for row, model_last in ((first, False), (last, True)):
                with Load(bench, subject.port, model=subject.model, body_bytes=BODY,
                          model_last=model_last) as load:
                    load.go()
                    row.add(subject.name, load.good_result()["p50_ns"] / 1e6)
            if subject.name != "direct":
                growth.add(subject.name, (processes.peak_bytes(subject.own()) - before) / MB)

    interleave(bench, [first, last, growth], subjects_but(bench), sample, bench.rounds(3))
    return [first, last, growth]
