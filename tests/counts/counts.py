#!/usr/bin/env python3
"""Runs the measures that are named, or all; see `run`."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../e2e"))

import instructions  # noqa: E402
import syscalls  # noqa: E402

MEASURES = {
    "request": syscalls.of_request,
    "event": syscalls.of_event,
    "instructions": instructions.of_request,
}


def main():
    binary = os.environ.get("CORRAL_BINARY", os.path.join(HERE, "../../build/release-small/corral"))
    if not os.access(binary, os.X_OK):
        sys.exit(f"counts: {binary} is not there; build it, or set CORRAL_BINARY")
    unknown = set(sys.argv[1:]) - set(MEASURES)
    if unknown:
        sys.exit(f"counts: there is no {', '.join(unknown)}; there is {', '.join(MEASURES)}")
    for name in sys.argv[1:] or MEASURES:
        MEASURES[name](os.path.abspath(binary))


main()
