"""The ledger of the erased: one small object per person, kept apart from every backup of what it speaks about.

A store that comes back from a backup has forgotten whom it erased since; the ledger has not. It holds ids, which name nobody
once the keys are gone. All services of a deployment share one.
"""

from datetime import datetime

from obstore.store import ObjectStore, from_url

from rso_shared.kit.clock import iso
from rso_shared.kit.objects import reached


class Ledger:
    """`url` as obstore takes it: file:///folder or s3://bucket/prefix. Raises Transient while it is away."""

    def __init__(self, url: str) -> None:
        self._objects: ObjectStore = from_url(url, mkdir=True) if url.startswith("file:") else from_url(url)

    def add(self, person_id: str, at: datetime) -> None:
        """Before the first key goes: a crash in between is an erasure that is finished after the restart."""
        with reached():
            self._objects.put(person_id, iso(at).encode())

    def persons(self) -> set[str]:
        with reached():
            return {entry["path"].rpartition("/")[2] for batch in self._objects.list() for entry in batch}
