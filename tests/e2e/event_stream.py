"""One who listens at /api/events."""

import json
import time

from raw import RawConnection, request
from waiting import SCALE


class EventStream:
    """Reads events as they come, when it is asked for one."""

    def __init__(self, corral):
        self.connection = RawConnection(corral.port)
        self.connection.send(request("/api/events", b"", "GET"))
        self.head = self.connection._take_past(b"\r\n\r\n").decode()
        self.text = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.socket.close()

    def _frame(self):
        while b"\n\n" not in self.text:
            size = int(self.connection._take_past(b"\r\n"), 16)
            self.text += self.connection._take(size)
            self.connection._take(2)
            if size == 0:
                return None
        frame, _, self.text = self.text.partition(b"\n\n")
        return frame

    def next(self):
        """(type, data) of the next event; None when the stream has ended well."""
        frame = self._frame()
        if frame is None:
            return None
        if frame.startswith(b":"):
            return "comment", frame
        assert frame.startswith(b'event:message\ndata:{"type":"'), frame[:100]
        event = json.loads(frame[len(b"event:message\ndata:"):])
        assert set(event) == {"type", "data"}
        return event["type"], json.loads(event["data"])

    def until(self, wanted, accept=lambda data: True):
        """The data of the next event of that type that is accepted, and forgets those before it."""
        deadline = time.monotonic() + 15 * SCALE
        while time.monotonic() < deadline:
            event = self.next()
            assert event is not None, "the stream ended"
            if event[0] == wanted and accept(event[1]):
                return event[1]
        raise AssertionError(f"no such {wanted} came")

    def greeting(self):
        """The events up to the snapshot of requests, which is the last of the first ones."""
        events = [self.next()]
        while events[-1][0] != "inflight":
            events.append(self.next())
        return events
