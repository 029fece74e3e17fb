"""A receiver of webhooks: checks each signature, drops what it has seen, and takes a case's events in their order.

    pip install standardwebhooks
    WEBHOOK_SECRET=whsec_… python webhook_receiver.py --port 9000 --file received.jsonl

It answers 204 when an event is safely written down, and only then; 401 to a wrong signature. Events may come twice and events of
different cases in any order: `webhook-id` tells them apart, `sequence` orders them. Nothing but `standardwebhooks` is needed.
"""

import argparse
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from standardwebhooks import Webhook, WebhookVerificationError

LARGEST = 16 * 1024
OK, REFUSED, TOO_LARGE = 204, 401, 413


class Store:
    """A file with one event a line: what is in it survives a crash, and tells after a restart what was seen."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._seen = {json.loads(line)["id"] for line in _whole_lines(path)}
        self._file = path.open("a")

    def take(self, event: dict[str, object]) -> bool:
        """False if it is here already. When it returns, the event is on the disk."""
        with self._lock:
            if event["id"] in self._seen:
                return False
            self._file.write(json.dumps(event) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            self._seen.add(event["id"])
            return True


def _whole_lines(path: Path) -> list[str]:
    """A last line that a crash cut off was never acknowledged, so it goes."""
    text = path.read_text() if path.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole)
    return whole.splitlines()


def handler(secret: str, store: Store) -> type[BaseHTTPRequestHandler]:
    checks = Webhook(secret)

    class Receiver(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", "0"))
            if length > LARGEST:
                self._answer(TOO_LARGE)
                return
            body = self.rfile.read(length)
            try:
                event = checks.verify(body, dict(self.headers.items()))
            except WebhookVerificationError:
                self._answer(REFUSED)
                return
            fresh = store.take(event)
            print(f"{event['sequence']:>6} {event['type']}{'' if fresh else ' (again)'}", flush=True)
            self._answer(OK)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """The line above says enough."""

    return Receiver


def main() -> int:
    parser = argparse.ArgumentParser(description="Receives webhooks and writes each event once.")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--file", type=Path, default=Path("received.jsonl"))
    arguments = parser.parse_args()
    secret = os.environ.get("WEBHOOK_SECRET", "")
    if not secret:
        print("set WEBHOOK_SECRET to the endpoint's secret (GET /v1/endpoints/{id}/secret)", file=sys.stderr)
        return 2
    server = ThreadingHTTPServer(("127.0.0.1", arguments.port), handler(secret, Store(arguments.file)))
    print(f"listening at http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
