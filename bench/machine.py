"""The machine under the benchmark: its cores, what is installed on it, and how it is described."""

import os
import platform
import shutil
import subprocess
import sys

PEERS = {"nginx": "nginx", "haproxy": "haproxy"}  # program: Debian's package
PLACES = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


class Cores:
    """Which cores do what. The subject has one to itself; load and upstream share another."""

    def __init__(self):
        self.all = sorted(os.sched_getaffinity(0))
        if len(self.all) < 2:
            sys.exit("bench: two cores are needed, one for the subject and one for the load")
        self.load, self.subject = self.all[0], self.all[-1]


def find(program):
    """The path of an installed program, or None."""
    return shutil.which(program, path=PLACES)


def install_peers():
    """Installs nginx and haproxy where that is allowed; else says what to do and ends."""
    missing = [package for program, package in PEERS.items() if not find(program)]
    if not missing:
        return
    if os.geteuid() != 0 or not find("apt-get"):
        sys.exit("bench: as root, run: apt-get install --no-install-recommends "
                 + " ".join(missing))
    print(f"bench: installing {' '.join(missing)}", flush=True)
    # RUNLEVEL=1 keeps the packages from starting their services: we start our own, elsewhere.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *missing]):
        subprocess.run(["apt-get", "-qq", *command], env=environment, check=True,
                       stdout=subprocess.DEVNULL)


def first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().partition("\n")[0]


def versions(corral, llama_swap):
    """What is compared, one line each."""
    lines = [first_line(corral, "version"), first_line(find("nginx"), "-v"),
             first_line(find("haproxy"), "-v").partition(" - ")[0]]
    if llama_swap:
        lines.append("llama-swap " + first_line(llama_swap, "-version"))
    return [line for line in lines if line]


def describe(cores):
    """The machine in one sentence."""
    model = platform.machine()
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) / 1e6
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return (f"{model}, {len(cores.all)} cores, {memory:.0f} GB, Linux {platform.release()}; "
            f"load average at the start {load}")
