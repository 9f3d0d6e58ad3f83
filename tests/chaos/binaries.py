"""Which binaries are tested."""

import os
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")


def binaries():
    """The paths of corral and of the fake engine."""
    corral = os.environ.get("CORRAL_BINARY", os.path.join(ROOT, "build/release/corral"))
    fake = os.environ.get("CORRAL_FAKE_ENGINE",
                          os.path.join(ROOT, "build/dev/tests/fake_engine/fake_engine"))
    for path in (corral, fake):
        if not os.access(path, os.X_OK):
            sys.exit(f"{path} is not there; build it, or set CORRAL_BINARY and CORRAL_FAKE_ENGINE")
    return os.path.abspath(corral), os.path.abspath(fake)
