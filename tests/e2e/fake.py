"""Commands of the fake engine; its flags are in tests/fake_engine/options.h."""

import shlex


def words(count):
    """The text of a reply with so many events."""
    return "".join(f"word{i} " for i in range(count))


class FakeEngine:
    def __init__(self, path):
        self.path = path

    def command(self, **flags):
        """load_ms=5 becomes --load-ms 5, hang=True becomes --hang."""
        parts = [self.path, "--port", "${PORT}"]
        for name, value in flags.items():
            parts.append("--" + name.replace("_", "-"))
            if value is not True:
                parts.append(str(value))
        return " ".join(part if part == "${PORT}" else shlex.quote(part) for part in parts)

    def model(self, entry=None, **flags):
        """A config's entry for a model; `entry` holds further keys of it."""
        return {"cmd": self.command(**flags), **(entry or {})}
