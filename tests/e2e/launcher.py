"""`rso` with two instruments that no user has: spans written to a file, and one service's internal face switched off.

E2E_SPANS: every finished span is appended to this file. E2E_AWAY: while this file exists, the service it names
answers 503 to everything, as if its process were gone.
"""

import os
from pathlib import Path
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from starlette.types import ASGIApp, Receive, Scope, Send

from rso_onebox import serve
from rso_onebox.__main__ import main
from rso_onebox.dispatch import Dispatcher


class Breakable(Dispatcher):
    """The routing table of the real dispatcher, in front of a service that may be away."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        target = self._target(scope)
        if target is self._gone():
            await send({"type": "http.response.start", "status": 503, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        await target(scope, receive, send)

    def _gone(self) -> ASGIApp | None:
        away = Path(os.environ["E2E_AWAY"])
        return self._apps[away.read_text()] if away.exists() else None


def instrument() -> None:
    if "E2E_SPANS" in os.environ:
        provider = TracerProvider()
        file = Path(os.environ["E2E_SPANS"]).open("a", buffering=1)  # noqa: SIM115 - open as long as the process
        provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=file)))
        trace.set_tracer_provider(provider)
    if "E2E_AWAY" in os.environ:
        patched: Any = serve
        patched.Dispatcher = Breakable


if __name__ == "__main__":
    instrument()
    main()
