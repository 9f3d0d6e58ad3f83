"""An upstream that keeps every byte it gets and answers with bytes that a test has chosen."""

import re
import socket
import threading

from waiting import SCALE

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n" + b'{"ok":true}'


def end_of_request(data):
    """Where the first request of `data` ends by a plain reading, or None while it is not whole."""
    head, mark, body = data.partition(b"\r\n\r\n")
    if not mark:
        return None
    size = len(head) + len(mark)
    length = re.search(rb"\r\nContent-Length: (\d+)", head)
    if length:
        size += int(length.group(1))
    elif b"\r\nTransfer-Encoding: chunked" in head:
        end = body.find(b"0\r\n\r\n")
        if end < 0:
            return None
        size += end + 5
    return size if len(data) >= size else None


class Late:
    """A piece of an answer that goes out when the test says so."""

    def __init__(self, data):
        self.data = data
        self.due = threading.Event()
        self.gone = threading.Event()

    def send(self):
        self.due.set()
        assert self.gone.wait(10 * SCALE)

    def send_on(self, connection):
        self.due.wait(10 * SCALE)
        try:
            connection.sendall(self.data)
        finally:
            self.gone.set()


class Recorder:
    """Listens on a port of its own. `requests` holds what has come, in order; `answers` the replies
    to be given next, before it falls back to OK. An answer may also be a list, whose pieces go out
    one by one: bytes, a Late, or None to close the connection."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.requests = []
        self.answers = []
        self.connections = 0
        self.open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def model(self, entry=None):
        """A config's entry for a model whose engine this is; the process it starts does nothing."""
        return {"cmd": "sleep 100000", "proxy": f"http://127.0.0.1:{self.port}",
                "checkEndpoint": "none", **(entry or {})}

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self.open.append(connection)
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        data = b""
        with connection:
            try:
                while True:
                    end = end_of_request(data)
                    if end is None:
                        more = connection.recv(65536)
                        if not more:
                            break
                        data += more
                        continue
                    self.requests.append(data[:end])
                    data = data[end:]
                    if not self._answer(connection):
                        break
            except OSError:
                pass
        if data:
            self.requests.append(data)  # a request that never became whole

    def _answer(self, connection):
        answer = self.answers.pop(0) if self.answers else OK
        for piece in answer if isinstance(answer, list) else [answer]:
            if piece is None:
                return False
            if isinstance(piece, Late):
                piece.send_on(connection)
            else:
                connection.sendall(piece)
        return True

    def take(self):
        taken, self.requests = self.requests, []
        return taken

    def close(self):
        self.listener.close()
        for connection in self.open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
