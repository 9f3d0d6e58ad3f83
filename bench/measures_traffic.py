"""What passing requests and events on costs: CPU time, delay, latency. Each subject has one core to
itself; the load generator and the upstream share the other."""

from client import Load, require
from rounds import Row, Running, interleave
from subjects import Direct, EngineAlone, RouterAlone, TRAFFIC, wanted


def all_of(bench, kinds):
    """One of each kind that this run compares. An engine has one thread for its one core."""
    engines = (RouterAlone, EngineAlone)
    return [kind(bench, threads=1) if kind in engines else kind(bench)
            for kind in wanted(bench, kinds)]


def requests(bench):
    """CPU time of a request while 50 clients ask as fast as they can."""
    row = Row("requests", "CPU per request, 50 clients", "µs")

    def sample(subject):
        with Load(bench, subject.port, model=subject.model, connections=50, max_tokens=1,
                  duration_ms=2000) as load:
            before = subject.cpu_ns()
            load.go()
            counts = load.good_result()
            row.add(subject.name, (subject.cpu_ns() - before) / 1e3 / counts["answered"])

    # The upstream's and the bare engine's own time is nobody's cost of passing on.
    kinds = [kind for kind in TRAFFIC if kind not in (Direct, EngineAlone)]
    with Running([row], all_of(bench, kinds)) as subjects:
        interleave(bench, [row], subjects, sample, bench.rounds(5))
    return [row]


def sse(bench):
    """200 streams of 100 events a second each, with usage at the end, all for four seconds."""
    cost = Row("sse", "CPU per event, 200 streams of 100 events/s", "µs", 2)
    delay = Row("sse", "event delay p99, over direct", "µs", 0)
    streams, events, rate = 200, 400, 100

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
    kinds = [kind for kind in TRAFFIC if kind not in (RouterAlone, EngineAlone)]
    with Running([cost, delay], all_of(bench, kinds)) as subjects:
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

    with Running([row], all_of(bench, TRAFFIC)) as subjects:
        for values in interleave(bench, [row], subjects, sample, bench.rounds(7)):
            engines = {"engine", "router"}  # two that are compared with each other alone
            row.add_over("engine", {name: values[name] for name in values if name in engines})
            row.add_over("direct", {name: values[name] for name in values if name not in engines})
    return [row]
