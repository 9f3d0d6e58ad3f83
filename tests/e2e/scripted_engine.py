"""An engine of few words: it is healthy, and answers every POST with the bytes of a file, then closes."""

import argparse
import http.server


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def do_HEAD(self):
        self.send_response(200)
        self.send_header("Content-Length", "12345")
        self.end_headers()

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.wfile.write(open(self.server.reply, "rb").read())
        self.close_connection = True

    def log_message(self, *_):
        pass


parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int)
parser.add_argument("--reply")
arguments = parser.parse_args()
server = http.server.ThreadingHTTPServer(("127.0.0.1", arguments.port), Handler)
server.reply = arguments.reply
server.serve_forever()
