"""The peer of the HTTP bench: bare FastAPI and raw psycopg with a pool, executing the statements that our command executed.

    python bench/peer_app.py DSN STATEMENTS PORT

STATEMENTS is a pickle of [(sql, parameters, many)], in which the words of `MARKS` stand for what is new in every command.
"""

import pickle
import sys
import uuid
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from psycopg_pool import ConnectionPool
from pydantic import BaseModel

MARKS = (
    "6b0d7a52-5b0e-4c0f-9a51-00000000a001",
    "6b0d7a52-5b0e-4c0f-9a51-00000000a002",
    "6b0d7a52-5b0e-4c0f-9a51-00000000a003",
)
"""The organisation, the Idempotency-Key and the event."""


class Organisation(BaseModel):
    organisation_id: str
    kind: str
    name: str
    state: str | None = None


def fresh(value: Any, words: dict[str, str]) -> Any:
    """The same value with the marks replaced, in text and in bytes."""
    if isinstance(value, dict):
        return {name: fresh(part, words) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [fresh(part, words) for part in value]
    for mark, word in words.items():
        if isinstance(value, str):
            value = value.replace(mark, word)
        elif isinstance(value, bytes):
            value = value.replace(mark.encode(), word.encode())
    return value


def create(dsn: str, statements: list[tuple[str, Any, bool]]) -> FastAPI:
    app, pool = FastAPI(), ConnectionPool(dsn, min_size=10, max_size=10, open=True)

    @app.post("/v1/organisations", status_code=201)
    def register(body: Organisation) -> dict[str, Any]:
        words = dict(zip(MARKS, (body.organisation_id, str(uuid.uuid4()), str(uuid.uuid4())), strict=True))
        with pool.connection() as connection, connection.cursor() as cursor:
            for sql, parameters, many in statements:
                (cursor.executemany if many else cursor.execute)(sql, fresh(parameters, words))
        return {"organisation_id": body.organisation_id, "version": 1}

    return app


if __name__ == "__main__":
    dsn, path, port = sys.argv[1:]
    captured = pickle.loads(Path(path).read_bytes())  # noqa: S301 - written by the bench that started us
    uvicorn.run(create(dsn, captured), host="127.0.0.1", port=int(port), log_level="error", access_log=False)
