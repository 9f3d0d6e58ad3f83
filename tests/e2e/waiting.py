"""The one way in which tests wait: for a condition, up to a deadline."""

import os
import time

# Deadlines grow by this for slow binaries (sanitizers) and slow machines.
SCALE = float(os.environ.get("CORRAL_TEST_TIME_SCALE", "1"))


def eventually(condition, what, within=5.0, every=0.02):
    """Polls `condition` until it is truthy and returns its value; fails after `within` seconds."""
    deadline = time.monotonic() + within * SCALE
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {within * SCALE:g} s: {what}"
        time.sleep(every)
