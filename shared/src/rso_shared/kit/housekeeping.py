"""Once an hour: forgets what may be forgotten, and sweeps blobs that never became part of a command."""

import asyncio
from concurrent.futures import Executor
from datetime import UTC, datetime

from obstore.exceptions import BaseError as ObstoreError
from sqlalchemy.exc import DBAPIError

from rso_shared.kit import idempotency, retention
from rso_shared.kit.blobs import BlobStore
from rso_shared.kit.database import Database
from rso_shared.kit.errors import Transient
from rso_shared.kit.health import Health

LOOP = "housekeeping"
CLEAN_SECONDS, RETRY_SECONDS, BEAT_SECONDS = 3600.0, 60.0, 5.0


class Housekeeping:
    def __init__(self, name: str, db: Database, blobs: BlobStore, health: Health, executor: Executor) -> None:
        self._name, self._db, self._blobs, self._health, self._executor = name, db, blobs, health, executor

    async def run(self) -> None:
        """Endless. What may be away (database, objects) is waited for and said in readiness; a bug ends the loop."""
        while True:
            rest = CLEAN_SECONDS
            try:
                await asyncio.get_running_loop().run_in_executor(self._executor, self._clean)
                self._health.beat(LOOP)
            except (DBAPIError, Transient, ObstoreError, OSError) as away:
                self._health.trouble(LOOP, type(away).__name__)
                rest = RETRY_SECONDS
            await self._rest(rest)

    async def _rest(self, seconds: float) -> None:
        """Says all the while that it is alive and, where something is away, still that."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until:
            await asyncio.sleep(BEAT_SECONDS)
            self._health.alive(LOOP)

    def _clean(self) -> None:
        now = datetime.now(UTC)
        with self._db.write() as tx:
            idempotency.forget_old(tx, now)
        retention.forget_sent(self._db, now)
        retention.forget_handled(self._db, self._name, now)
        self._blobs.sweep(now)
