"""`rso listen --forward URL`: reads the feed as a stream and posts each event to a receiver that no webhook can reach.

For developers behind NAT. The receiver gets what a webhook would bring it, signed the same way, under a secret that is printed.
"""

import base64
import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from rso_onebox.client import ApiError
from rso_subscriptions.delivery.sending import headers

TRIES, PAUSE_SECONDS = 5, 1.0
STREAM_SECONDS = 30.0
"""A stream says something every ten seconds; one that is silent for longer is gone."""
Say = Callable[[str], None]


def new_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


@dataclass(slots=True)
class Listener:
    """`token` gives a fresh one for each connection. `count`: ends after so many events; None: never."""

    address: str
    token: Callable[[], str]
    forward: str
    say: Say
    secret: str = field(default_factory=new_secret)
    types: tuple[str, ...] = ()
    count: int | None = None

    def run(self, after: int | None) -> int:
        """From behind `after` on, or from now on. Returns the exit code."""
        with httpx.Client(timeout=httpx.Timeout(10.0, read=STREAM_SECONDS)) as http:
            at = self._newest(http) if after is None else after
            self.say(f"listening from event {at + 1} on; forwarding to {self.forward}")
            self.say(f"signing secret: {self.secret}")
            forwarded = 0
            while self.count is None or forwarded < self.count:
                for sequence, payload in self._connected(http, at):
                    at = sequence
                    forwarded += self._forwarded(http, payload) if payload is not None else 0
                    if self.count is not None and forwarded >= self.count:
                        break
        return 0

    def _asked(self) -> dict[str, Any]:
        return {"types": list(self.types)} if self.types else {}

    def _newest(self, http: httpx.Client) -> int:
        answer = http.get(f"{self.address}/v1/events", params={**self._asked(), "limit": 1}, headers=self._head())
        if answer.is_error:
            raise ApiError("GET", "/v1/events", answer)
        return int(answer.json()["newest"])

    def _head(self, **more: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token()}", **more}

    def _connected(self, http: httpx.Client, after: int) -> Iterator[tuple[int, str | None]]:
        """One connection's events. A broken one ends without a word: the next begins behind what was read."""
        head = self._head(accept="text/event-stream", **{"last-event-id": str(after)})
        try:
            with http.stream("GET", f"{self.address}/v1/events", params=self._asked(), headers=head) as answer:
                if answer.is_error:
                    answer.read()
                    raise ApiError("GET", "/v1/events", answer)
                yield from events(answer.iter_lines())
        except httpx.TransportError:
            time.sleep(PAUSE_SECONDS)

    def _forwarded(self, http: httpx.Client, payload: str) -> bool:
        event = json.loads(payload)
        named = headers([self.secret], event["id"], datetime.now(UTC), payload)
        for attempt in range(TRIES):
            try:
                status = http.post(self.forward, content=payload.encode(), headers=named).status_code
            except httpx.TransportError as problem:
                said = type(problem).__name__
            else:
                said = str(status)
                if httpx.codes.is_success(status):
                    break
            time.sleep(PAUSE_SECONDS * attempt)
        self.say(f"{event['sequence']:>6} {event['type']} -> {said}")
        return True


def events(lines: Iterator[str]) -> Iterator[tuple[int, str | None]]:
    """(sequence, payload) of server-sent events; the payload is None where it is withheld."""
    block: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            block[name] = value
            continue
        if "id" in block:
            yield int(block["id"]), block["data"] if block.get("event") == "event" else None
        block = {}
