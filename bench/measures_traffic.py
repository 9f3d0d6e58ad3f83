"""What passing requests and events on costs: CPU time, delay, latency. Each subject has one core to
itself; the load generator and the upstream share the other.

llama-server's router can stand before nothing but its own engine, whose events carry no stamps and
come as fast as it makes them, and whose answers take so long that the way to them is lost in it. So
it has part in what is counted of its process alone.
"""

from client import Load, require
from engine_subjects import routers_alone
from rounds import Row, Running, interleave
from subjects import Direct, subjects_but


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
    with Running([row], subjects_but(bench, Direct) + routers_alone(bench)) as subjects:
        interleave(bench, [row], subjects, sample, bench.rounds(5))
    return [row]


def sse(bench):
    """200 streams of 100 events a second each, for two and a half seconds, with usage at the end."""
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

    with Running([cost, delay], subjects_but(bench)) as subjects:
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

    with Running([row], subjects_but(bench)) as subjects:
        for values in interleave(bench, [row], subjects, sample, bench.rounds(7)):
            row.add_over("direct", values)
    return [row]
