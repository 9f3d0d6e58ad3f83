"""How soon a subject listens, and how large its program is."""

import os
import shutil
import subprocess

from engine_subjects import routers_alone
from rounds import Row, interleave
from subjects import Direct, subjects_but


def start(bench):
    """From the start of the process to the first connection that it takes."""
    row = Row("start", "start until it listens", "ms")

    def sample(subject):
        try:
            row.add(subject.name, subject.start() / 1e6)
        finally:
            subject.stop()

    subjects = subjects_but(bench, Direct) + routers_alone(bench)
    interleave(bench, [row], subjects, sample, bench.rounds(9))
    return [row, *sizes(bench)]


def sizes(bench):
    """Of programs, stripped. Those of Debian need shared libraries besides."""
    whole = Row("start", "program, stripped (with the engine, where it has one)", "MB")
    alone = Row("start", "program, stripped, without the engine", "MB")
    programs = ((whole, "corral", bench.corral), (whole, "router", bench.corral),
                (alone, "corral", bench.small_corral), (alone, "nginx", bench.tool("nginx")),
                (alone, "haproxy", bench.tool("haproxy")), (alone, "llama-swap", bench.llama_swap))
    for row, name, path in programs:
        if bench.compares(name) and path and os.path.exists(path):
            row.add(name, stripped_size(bench, path) / 1e6)
    return [whole, alone]


def stripped_size(bench, path):
    copy = bench.yard.path("stripped")
    shutil.copyfile(os.path.realpath(path), copy)
    strip = bench.tool("strip") or bench.tool("llvm-strip-19")
    if strip:
        subprocess.run([strip, copy], check=True)
    return os.path.getsize(copy)
