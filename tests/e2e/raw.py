"""HTTP by hand, for what no client library would send."""

import json
import socket

from waiting import SCALE


class Reply:
    def __init__(self, head, body):
        first, *lines = head.split("\r\n")
        self.status = int(first.split()[1])
        self.headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines)}
        self.body = body

    def json(self):
        return json.loads(self.body)


class RawConnection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10 * SCALE)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused early: what the reply says is the test's business

    def no_more(self):
        self.socket.shutdown(socket.SHUT_WR)

    def _more(self):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError(f"the connection ended after {self.buffer[:200]!r}")
        self.buffer += data

    def _take(self, count):
        while len(self.buffer) < count:
            self._more()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def _take_past(self, mark):
        while mark not in self.buffer:
            self._more()
        return self._take(self.buffer.index(mark) + len(mark))

    def reply(self, to_head=False):
        """The next reply, interim ones (100 Continue) included; the one to HEAD has no body."""
        head = self._take_past(b"\r\n\r\n").decode("latin-1")[:-4]
        reply = Reply(head, b"")
        if to_head:
            return reply
        if "content-length" in reply.headers:
            reply.body = self._take(int(reply.headers["content-length"]))
        elif reply.headers.get("transfer-encoding") == "chunked":
            while size := int(self._take_past(b"\r\n"), 16):
                reply.body += self._take(size)
                self._take(2)
            self._take(2)
        return reply

    def rest(self):
        """All that comes until the other side closes."""
        try:
            while True:
                self._more()
        except (EOFError, ConnectionResetError):
            return self.buffer

    def closed(self):
        """True when the other side closes without another byte."""
        try:
            return not self.buffer and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


def request(path, body, method="POST", headers=()):
    """The bytes of a request; `body` is bytes, or a value that is sent as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(data)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + data
