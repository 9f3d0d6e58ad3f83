"""How many instructions a request takes, counted by callgrind; held to the figure in `instructions`.

glibc chooses its memcpy and the like by the processor, and valgrind passes some of that choice on;
GLIBC_TUNABLES takes the choice away. What is left is the compiler's and the C++ library's doing.
"""

import os
import platform
import re
import subprocess
import tempfile

from lockstep import Lockstep
from waiting import SCALE

RECORDED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "instructions")
WARM = 20
REQUESTS = 500
TOLERANCE = 0.05
PLAIN_GLIBC = ("glibc.cpu.hwcaps=-AVX2,-AVX,-AVX_Fast_Unaligned_Load,-BMI2,-ERMS,-FSRM,-SSSE3,"
               "-SSE4_1,-SSE4_2,-XSAVE,-XSAVEC")


def recorded():
    with open(RECORDED) as file:
        lines = [line.split() for line in file if line.strip() and not line.startswith("#")]
    return int(lines[-1][0])


def control(pid, prefix, *command):
    done = subprocess.run(["vgdb", f"--pid={pid}", f"--vgdb-prefix={prefix}", *command],
                          capture_output=True, text=True, timeout=60 * SCALE, check=False)
    assert done.returncode == 0, f"vgdb: {done.stdout}{done.stderr}"


def of_request(binary):
    if platform.machine() != "x86_64":
        print("a request's instructions: skipped; the figure that is recorded is of x86-64")
        return
    with tempfile.TemporaryDirectory(prefix="corral-counts-") as folder:
        out, prefix = os.path.join(folder, "out"), os.path.join(folder, "vgdb")
        under = ["env", f"GLIBC_TUNABLES={PLAIN_GLIBC}", "valgrind", "--quiet", "--tool=callgrind",
                 "--instr-atstart=no", f"--callgrind-out-file={out}", f"--vgdb-prefix={prefix}"]
        with Lockstep(binary, 1, under) as line:
            line.warm_up(WARM)
            control(line.pid, prefix, "instrumentation", "on")
            for _ in range(REQUESTS):
                line.round()
            control(line.pid, prefix, "dump")
        with open(out + ".1") as file:
            total = int(re.search(r"^(?:totals|summary): (\d+)", file.read(), re.MULTILINE)[1])
    each, known = total / REQUESTS, recorded()
    print(f"a request: {each:.0f} instructions; {known} are recorded")
    assert abs(each - known) <= TOLERANCE * known, (
        f"{each / known - 1:+.1%}: if that is meant, add a line to {RECORDED} and say why")
