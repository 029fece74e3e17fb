"""A collector that throws away what it gets: python bench/collector.py PORT. GET answers how many bytes came to each path."""

import json
import sys
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_came: Counter[str] = Counter()


class Collector(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        size = int(self.headers.get("content-length", 0))
        self.rfile.read(size)
        _came[self.path] += size
        self._answer(b"")

    def do_GET(self) -> None:
        self._answer(json.dumps(_came).encode())

    def log_message(self, *_told: object) -> None:
        """Nobody listens."""

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Collector).serve_forever()
