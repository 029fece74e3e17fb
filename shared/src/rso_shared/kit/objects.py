"""Objects as they are written to a store, and what its failures mean: it is full, or it is away."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from obstore import open_writer
from obstore.exceptions import BaseError, GenericError
from obstore.store import ObjectStore

from rso_shared.kit.errors import DomainError, Transient

PART = 5 << 20
"""The smallest part an S3-compatible store takes; one is written at a time, so that memory stays flat."""
FULL = ("(os error 28)", "(os error 122)")
"""ENOSPC and EDQUOT, which obstore has in its text alone."""


@contextmanager
def reached() -> Iterator[None]:
    """507 `storage_full` from a store that has no room; Transient from one that does not do what it is asked to."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (GenericError, OSError) as failure:
        if any(said in str(failure) for said in FULL):
            raise DomainError(
                "storage_full",
                "There is no room for documents left. Nothing was stored; the operator has to make room.",
                status=507,
            ) from None
        raise Transient("blob_store_away") from failure


class Sink:
    """A streaming object: obstore's buffered writer, multipart where the store wants it."""

    def __init__(self, objects: ObjectStore, path: str) -> None:
        self._writer = open_writer(objects, path, buffer_size=PART, max_concurrency=1)

    def write(self, data: bytes) -> None:
        with reached():
            self._writer.write(data)

    def close(self) -> None:
        if not self._writer.closed():
            with reached():
                self._writer.close()

    def abandon(self) -> None:
        """What is written goes anyway: a store that cannot take the rest does not hold that up."""
        with suppress(BaseError, OSError):
            if not self._writer.closed():
                self._writer.close()
