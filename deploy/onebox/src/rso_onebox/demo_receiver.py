"""The receivers of the demo: what the partner's and the employer's systems get by webhook while the case is played."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from rso_onebox.client import Api, until
from rso_operations import words

TAKEN, REFUSED = 204, 401
CONTACT = "hooks@example.org"
FEED_PAGE = 1000


@dataclass(slots=True)
class Received:
    """`events` in the order of arrival, each once, with a signature that is right; `since`: the last number of the feed before."""

    since: int = 0
    secret: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def take(self, body: bytes, headers: Mapping[str, str]) -> int:
        try:
            event = Webhook(self.secret).verify(body, dict(headers))
        except WebhookVerificationError:
            return REFUSED
        if event["id"] not in self.ids:
            self.events.append(event)
            self.ids.add(event["id"])
        return TAKEN

    def about(self, case_id: str) -> list[dict[str, Any]]:
        """Of the partner's: its events name the case."""
        return [event for event in self.events if event["data"].get("case_id") == case_id]


@contextmanager
def receivers(callers: Mapping[str, Api]) -> Iterator[dict[str, Received]]:
    """One endpoint for each caller's organisation, removed again at the end."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(_receiver(api)) for name, api in callers.items()}


@contextmanager
def _receiver(api: Api) -> Iterator[Received]:
    got = Received(since=max((item["sequence"] for item in _feed(api)), default=0))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(got))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    body = {"url": f"http://127.0.0.1:{server.server_port}/hooks", "contact": CONTACT}
    endpoint = api.post("/v1/endpoints", body)["endpoint_id"]
    got.secret = api.get(f"/v1/endpoints/{endpoint}/secret")["secret"]
    try:
        yield got
    finally:
        api.post(f"/v1/endpoints/{endpoint}/removal")
        server.shutdown()
        server.server_close()


def _handler(got: Received) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            self.send_response(got.take(body, dict(self.headers.items())))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """What came is printed at the end."""

    return Handler


def heard(got: Received, case_id: str) -> list[dict[str, Any]]:
    """The partner's events of the case, once it has heard that the opinion is delivered."""
    return until(
        lambda: got.about(case_id),
        lambda events: any(event["type"] == "case.delivered" for event in events),
        what="the partner's webhook of the delivery",
    )


def shown(event: Mapping[str, Any]) -> dict[str, Any]:
    """For printing: number, type, and the stage where there is one."""
    return {"sequence": event["sequence"], "type": event["type"], "stage": event["data"].get("stage")}


def told(got: Received, api: Api) -> list[str]:
    """What the receiver of this organisation got since it was there, in lines, once it has all that the feed holds since then."""
    feed = [item for item in _feed(api) if item["sequence"] > got.since]
    due = {item["event"]["id"] for item in feed if item["event"]}
    until(lambda: due - got.ids, lambda missing: not missing, what=f"the webhooks to {api.organisation}")
    counts = Counter(event["type"] for event in got.events)
    lines = [f"webhooks to {api.organisation}: {words.counted(len(got.events), 'event')}"]
    lines += [f"  {number:>6}  {name}" for name, number in sorted(counts.items())]
    withheld = sum(item["event"] is None for item in feed)
    return lines + ([f"  {withheld:>6}  withheld: no level of detail that it may have shows them"] if withheld else [])


def _feed(api: Api) -> Iterator[dict[str, Any]]:
    after = 0
    while items := api.get("/v1/events", after=after, limit=FEED_PAGE)["items"]:
        yield from items
        after = items[-1]["sequence"]
