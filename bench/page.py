"""docs/benchmarks.md, written anew by every run of all measures."""

import datetime
import textwrap

import table

ABOUT = """\
A subject has one core to itself; the load generator (`bench/load.cc`) and the upstream share another. All subjects take
turns in each round, and a cell is the median over the rounds. The load is real POSTs to `/v1/chat/completions` whose
JSON body names a model, on connections that stay open. An answer that is not a whole 200 makes the cell "failed" and
the run end with status 1.

| subject | what it is |
| --- | --- |
| direct | no proxy: the load generator asks the upstream; below "over", the bare engine in brackets |
| relay | `bench/relay.cc`, which passes bytes both ways and looks at none: the floor |
| nginx | one worker, no buffering, kept upstream connections, no access log |
| haproxy | one thread, `http-reuse always`, `option http-no-delay`, no log |
| router | llama-server's own router mode, which is part of our engine; only engines that it starts itself stand behind it |
| corral | `corral serve`; of its processes all but the engines count |
| llama-swap | the same config file as Corral's, with its `concurrencyLimit` lifted |

The upstream of the traffic measures (`requests`, `sse`, `latency`, `memory`, `body`) is `bench/upstream.cc`, which answers
at once and stamps each event with the time of its writing. The others use the real engine with the tiny model of
`tests/models`, and there nothing is pinned.
"""

NOTES = """\
- CPU is user and system time of the subject's own processes, from their CPU clocks.
- "Over direct" and "added" subtract what the same round's direct run had, which stands in brackets.
- The router's CPU per request was taken before the real engine, of the router's process alone. It has no cell where the
  measure needs our upstream, or more connections than it has threads.
- Memory is the proportional set size, of a fresh process in each sample; that of the bodies is the growth of the peak.
- "Over the bare engine": from the request to its answer, less the time from the start of an engine's process to its
  first answer, asked again every millisecond. A negative number is noise of a busy machine.
- The killed engine's ten clients send plain requests of 24 tokens and rest for 100 ms after a failure; every error and
  every broken connection counts, and none of these replies had begun.
- Corral, the router and the relay are linked statically; nginx and haproxy are Debian's and use shared libraries.
"""

REPEAT = """\
    make bench                                        # all of it, and this page
    make bench LLAMA_SWAP=path/to/llama-swap          # with llama-swap, which we neither fetch nor build
    make bench ONLY=sse ROUNDS=3                      # one measure, within a minute; also ONLY=cold,swap
    make bench ONLY=requests SUBJECTS=nginx,corral    # of some subjects

A Linux machine with two cores is needed. nginx and haproxy come from Debian: as root they are installed, else one sentence
names them. Every sample goes to `build/bench.json`."""


def text(rows, about, versions, took):
    day = datetime.date.today().isoformat()
    machine = textwrap.fill(f"{day}: {about}. The run took {took / 60:.0f} minutes.", 118,
                            break_on_hyphens=False)
    failures = "".join(f"- failed: {failure}\n" for failure in table.failures(rows))
    return "\n".join([
        "# Benchmarks", "", "Written by `make bench`; do not edit.", "", table.markdown(rows), "",
        "÷ is Corral's value divided by the other's: below 1 Corral needs less.", "",
        "## Machine", "", machine, "", *(f"- {line}" for line in versions), "",
        "## Method", "", ABOUT, NOTES + failures, "## How to repeat", "", REPEAT, ""])
