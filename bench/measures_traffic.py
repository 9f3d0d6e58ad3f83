"""What passing requests and events on costs: CPU time, delay, latency. Each subject has one core to
itself; the load generator and the upstream share the other."""

from client import Load, require
from rounds import Row, Running, interleave
from subjects import Direct, RouterAlone, subjects_but


def requests(bench):
    """CPU time of a request while 50 clients ask as fast as they can."""
    row = Row("requests", "CPU per request, 50 clients", "µs")

    def sample(subject):
        with Load(bench, subject.port, model=subject.model, connections=50, max_tokens=1,
                  duration_ms=1500) as load:
            before = subject.cpu_ns()
            load.go()
            counts = load.good_result()
            row.add(subject.name, (subject.cpu_ns() - before) / 1e3 / counts["answered"])

    # The upstream's own time is nobody's cost of passing on.
    with Running([row], subjects_but(bench, Direct)) as subjects:
        interleave(bench, [row], subjects, sample, bench.rounds(5))
    return [row]


def sse(bench):
    """200 streams of 100 events a second each, with usage at the end, all for two and a half seconds."""
    cost = Row("sse", "CPU per event, 200 streams of 100 events/s", "µs", 2)
    delay = Row("sse", "event delay p99, over direct", "µs", 0)
    streams, events, rate = 200, 250, 100

    def sample(subject):
        with Load(bench, subject.port, model=subject.model, connections=streams, stream=True,
                  max_tokens=events, rate=rate) as load:
            before = subject.cpu_ns()
            load.go()
            counts = load.good_result()
            require(counts["events"] == streams * events,
                    f"{counts['events']} events came, not {streams * events}")
            if subject.name != "direct":
                cost.add(subject.name, (subject.cpu_ns() - before) / 1e3 / counts["events"])
            return counts["delay_p99_ns"] / 1e3

    # The router's engine is not ours: its events carry no stamps and come as fast as it makes them.
    with Running([cost, delay], subjects_but(bench, RouterAlone)) as subjects:
        for values in interleave(bench, [cost, delay], subjects, sample, bench.rounds(5)):
            delay.add_over("direct", values)
    return [cost, delay]


def latency(bench):
    """One client, one request after another."""
    row = Row("latency", "added p50 latency, 1 client", "µs")

    def sample(subject):
        with Load(bench, subject.port, model=subject.model, max_tokens=1, warm=20,
                  duration_ms=1000) as load:
            load.go()
            return load.good_result()["p50_ns"] / 1e3

    # The router's engine takes its time, and so much of it that the way there is lost in it.
    with Running([row], subjects_but(bench, RouterAlone)) as subjects:
        for values in interleave(bench, [row], subjects, sample, bench.rounds(7)):
            row.add_over("direct", values)
    return [row]
