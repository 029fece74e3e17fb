"""What tests of erasure share: an order, a service with a person in it, and what stands in it afterwards."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from kit.web import SPEC as SAMPLE
from rso_onebox.box import MODULES
from rso_shared.contracts.base import ErasureAnswer
from rso_shared.contracts.intake import ErasureApproved
from rso_shared.contracts.vocabulary import ErasureReason
from rso_shared.kit import erasures, tables
from rso_shared.kit.events import Actor, Meta
from support.harness import START, Harness

EACH_SERVICE = pytest.mark.parametrize("spec", [module.SPEC for module in MODULES], ids=lambda spec: spec.name.short)
PERSON, OTHER = "0e0b6f1c-person", "77aa-other"
META = Meta(actor=Actor(type="user", id="x", role="operations", organisation_id="operator"), correlation_id="c")
SECRET = b"Ada Quillfeather, 17 Wharfinger Street"


def order(person_id: str = PERSON, erasure_id: str = "e-1") -> ErasureApproved:
    reason = ErasureReason.PERSON_REQUEST
    return ErasureApproved(person_id=person_id, erasure_id=erasure_id, reason=reason, approved_at=START)


def furnish(harness: Harness, person_id: str = PERSON) -> str:
    """Something sealed and an object of the person; returns the object's id."""
    service, object_id = harness.service, f"object-of-{person_id}"
    service.keys.seal(person_id, SECRET, b"place")
    blob = service.blobs.put(person_id, object_id, SECRET)
    with service.db.write() as tx:
        service.blobs.commit(tx, blob)
    return object_id


def told(harness: Harness, fact: ErasureApproved) -> None:
    """As a service hears it; the home of the identity hears itself at its own append."""
    if harness.service.name == "intake":
        with harness.service.db.write() as tx:
            erasures.apply(tx, fact, START)
    else:
        harness.receive(fact)


def objects(harness: Harness, folder: Path) -> list[str]:
    return [str(file) for file in (folder / "blobs").rglob("*") if file.is_file()]


def answers(harness: Harness) -> list[ErasureAnswer]:
    return [fact for fact in harness.facts() if isinstance(fact, ErasureAnswer)]


def sample(folder: Path, **more: Any) -> Harness:
    return Harness(SAMPLE, folder, **more)


def opened(harness: Harness, name: str = "Ada Quill") -> tuple[str, str]:
    """(case, person) of a case that was opened through the API."""
    case_id = harness.client("patient", "ada").post("/v1/cases", {"name": name}).json()["case_id"]
    with harness.service.db.read() as tx:
        (first, *_) = harness.service.store.load(tx, f"operator/case/{case_id}")
    return case_id, first.event.person.person_id


def erase(harness: Harness, person_id: str) -> None:
    with harness.service.db.write() as tx:
        erasures.apply(tx, order(person_id), START)
    assert harness.service.eraser.erase_pending() == 1


def rows(harness: Harness) -> list[dict[str, Any]]:
    query = select(tables.EVENTS).order_by(tables.EVENTS.c.stream, tables.EVENTS.c.version)
    with harness.service.db.read() as tx:
        return [dict(row) for row in tx.conn.execute(query).mappings()]


def streams(harness: Harness) -> list[str]:
    """Of answers."""
    return [row["stream"] for row in rows(harness) if "-erasure/" in row["stream"]]
