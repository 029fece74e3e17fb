"""Kills `rso up` at named steps and at seeded random moments, and starts it again on the same folder and port."""

import contextlib
import random
import socket
import subprocess
import threading
import time
from urllib.parse import urlencode

from e2e import logbook
from e2e.onebox import Onebox, wait_for
from e2e.playing import Request, Watcher
from rso_onebox.temporal_child import Ports, _argv
from rso_onebox.temporal_cli import find_temporal_cli

POSTS = 36
"""The story has some more; a random moment is in one of the first so many."""
LONGEST_SECONDS = 0.08


class Killer:
    def __init__(self, box: Onebox, *, seed: int, moments: int) -> None:
        chance = random.Random(seed)  # noqa: S311 - a plan to be repeated, not a secret
        self._box = box
        self._plan = {number: chance.uniform(0, LONGEST_SECONDS) for number in chance.sample(range(2, POSTS), moments)}
        """Number of the POST -> seconds after its sending began."""
        self._threads: list[threading.Thread] = []
        self._met: set[str] = set()
        self._busy = threading.Lock()
        self.random = self.named = 0
        self.watcher = Watcher(self._before, self._after)

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _before(self, request: Request) -> None:
        if request.method != "POST":
            return
        if request.path.endswith("/documents") and self._first("upload"):
            self._break_off_upload(request)
        delay = self._plan.pop(self.watcher.number, None)
        if delay is not None:
            thread = threading.Thread(target=self._at_random, args=(delay,))
            self._threads.append(thread)
            thread.start()

    def _after(self, request: Request) -> None:
        """In the story's own thread, so that nothing lies between the answer and the kill."""
        if request.path.endswith("/acceptance") and "/offers/" in request.path and self._first("acceptance"):
            self._named(orphan=True)
        elif (request.path.endswith("/opinion/signature") and self._first("signature")) or (
            request.path == "/v1/cases" and request.method == "POST" and self._first("submission")
        ):
            self._named()

    def _first(self, step: str) -> bool:
        new = step not in self._met
        self._met.add(step)
        return new

    def _at_random(self, delay: float) -> None:
        time.sleep(delay)
        self._kill()
        self.random += 1

    def _named(self, *, orphan: bool = False) -> None:
        self._kill(orphan=orphan)
        self.named += 1

    def _kill(self, *, orphan: bool = False) -> None:
        with self._busy:
            self._box.kill()
            wait_for("the end of the dev server", lambda: not self._box.temporal_pids())
            with _left_behind(self._box) if orphan else contextlib.nullcontext():
                self._box.start()

    def _break_off_upload(self, request: Request) -> None:
        """Half of the body has arrived, and its blob is staged, when the process goes. The retry has the same key."""
        self.join()
        query = urlencode({name: value for name, value in request.params.items() if value is not None})
        head = [
            f"POST {request.path}?{query} HTTP/1.1", f"host: 127.0.0.1:{self._box.port}",
            f"content-length: {len(request.content)}", *(f"{name}: {value}" for name, value in request.headers.items()),
        ]  # fmt: skip
        with socket.create_connection(("127.0.0.1", self._box.port)) as wire:
            wire.sendall("\r\n".join([*head, "", ""]).encode() + request.content[: len(request.content) // 2])
            records = logbook.store(self._box.data, "records")
            wait_for("a staged blob", lambda: logbook.rows(records, "SELECT * FROM blobs WHERE state = 'staged'"))
            self._named()


@contextlib.contextmanager
def _left_behind(box: Onebox) -> "contextlib.AbstractContextManager[None]":
    """A dev server on the box's database whose parent is not the box: as if it had survived (traps, 15)."""
    folder = box.data.temporal
    with (folder / "temporal.log").open("ab") as log:
        orphan = subprocess.Popen(
            _argv(find_temporal_cli(), folder, Ports.free(ui=False)), stdout=log, stderr=log, start_new_session=True
        )
    try:
        wait_for("the orphan", box.temporal_pids)
        yield
        assert orphan.wait(30) is not None
    finally:
        orphan.kill()
        orphan.wait()
