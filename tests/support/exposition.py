"""Reads what /metrics of this process says."""

import asyncio
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from rso_shared.kit import metrics


def text() -> str:
    sent: list[dict[str, Any]] = []

    async def ask() -> None:
        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.request"}

        await metrics.asgi()({"type": "http", "path": "/metrics"}, receive, send)

    asyncio.run(ask())
    assert sent[0]["status"] == 200
    return b"".join(message.get("body", b"") for message in sent).decode()


def samples() -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    families = text_string_to_metric_families(text())
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def value(name: str, **labels: str) -> float | None:
    return samples().get((name, frozenset(labels.items())))
