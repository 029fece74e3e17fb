"""A receiver in this process that behaves as a test says, and a delivery loop that runs beside the test."""

import asyncio
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

from rso_subscriptions.delivery.loop import Delivery
from support.harness import Harness

MACHINE = "127.0.0.0/8"
Behave = Callable[[Any], int | None]
"""Given the handler: the status to answer, or None where it has answered (or hung up) itself."""


@dataclass
class Receiver:
    """`got` in the order of arrival, of those that were answered with 2xx; `tries` counts every request by event id."""

    behave: Behave = lambda _handler: 204
    got: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    bodies: list[bytes] = field(default_factory=list)
    url: str = ""

    @property
    def sequences(self) -> list[int]:
        return [each["sequence"] for each in self.got]


@contextmanager
def receiver(behave: Behave | None = None) -> Iterator[Receiver]:
    made = Receiver(behave) if behave else Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            import json

            body = self.rfile.read(int(self.headers["content-length"]))
            made.tries[self.headers["webhook-id"]] += 1
            status = made.behave(self)
            if status is None:
                return
            if 200 <= status < 300:
                made.got.append(json.loads(body))
                made.headers.append({name.lower(): value for name, value in self.headers.items()})
                made.bodies.append(body)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", made.url + "elsewhere")
            if self.close_connection:
                self.send_header("connection", "close")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None: ...

    class Server(ThreadingHTTPServer):
        request_queue_size = 256

        def handle_error(self, *_args: object) -> None:
            """A client that hangs up is part of what is tried here."""

    server = Server(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def delivering(harness: Harness, **more: Any) -> Iterator[Delivery]:
    """The loop in a thread of its own, ended as a process ends it."""
    loop = asyncio.new_event_loop()
    made: list[Delivery] = []
    ready, ended = threading.Event(), []

    async def work() -> None:
        made.append(Delivery(harness.service, chance=lambda: 0.5, **more))
        task = asyncio.current_task()
        assert task is not None
        ended.append(task)
        ready.set()
        await made[0].run()

    def run() -> None:
        try:
            loop.run_until_complete(work())
        except asyncio.CancelledError:
            pass
        except BaseException as problem:  # noqa: BLE001 - told to the test
            failed.append(problem)
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    failed: list[BaseException] = []
    thread = threading.Thread(target=run)
    thread.start()
    ready.wait(5)
    try:
        yield made[0]
    finally:
        if not loop.is_closed():
            loop.call_soon_threadsafe(ended[0].cancel)
        thread.join(30)
    assert not failed, failed


def until(enough: Callable[[], object], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not enough():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def verified(receiver_: Receiver, secret: str) -> bool:
    """Every event that was taken carries a signature of this secret."""
    for body, headers in zip(receiver_.bodies, receiver_.headers, strict=True):
        Webhook(secret).verify(body, headers)
    return bool(receiver_.bodies)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
