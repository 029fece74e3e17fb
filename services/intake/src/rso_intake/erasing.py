"""What an erasure needs to know of intake's own cases, what it takes out of the read models, and who has answered."""

from sqlalchemy import delete, select

from rso_intake.domain.erasure import ERASURE, NoteKeyDestruction, Standing
from rso_intake.domain.lifecycle import Phase
from rso_intake.domain.retention import retained_until
from rso_intake.projections import CASES, PERSON_KEYS
from rso_intake.queries import load_case, program_of
from rso_shared.contracts.base import ErasureAnswer
from rso_shared.kit.database import Tx
from rso_shared.kit.erasures import KeyDestroyed
from rso_shared.kit.events import Meta
from rso_shared.kit.facts import Fact
from rso_shared.kit.names import INTAKE, SERVICES
from rso_shared.kit.reactions import Reacting
from rso_shared.kit.spec import Erasing
from rso_shared.kit.store import EventStore, stream_id

ASKED = tuple(service.short for service in SERVICES)


def person_stream(organisation_id: str, person_id: str) -> str:
    """The operator's: a person may have cases with several organisations, and is erased from all."""
    return stream_id(organisation_id, "person", person_id)


def cases_of(tx: Tx, person_id: str) -> list[str]:
    query = select(CASES.c.case_id).where(CASES.c.person_id == person_id).order_by(CASES.c.case_id)
    return list(tx.conn.execute(query).scalars())


def standing(store: EventStore, tx: Tx, cases: list[str]) -> Standing:
    """Of a person with these cases."""
    still_open, until = 0, None
    for case_id in cases:
        case = load_case(store, tx, case_id).state
        closed_at = case.lifecycle.closed_at
        if case.lifecycle.phase is Phase.OPEN or closed_at is None:
            still_open += 1
            continue
        kept = retained_until(
            program_of(tx, case).retention,
            closed_at=closed_at,
            minor_born=case.details().person.birth_date if case.submitted.minor else None,
        )
        until = kept if until is None else max(until, kept)
    return Standing(open_cases=still_open, retained_until=until)


def purge(tx: Tx, person_id: str) -> None:
    """Identifiers no longer lead to the person: whoever comes back is somebody new."""
    tx.conn.execute(delete(PERSON_KEYS).where(PERSON_KEYS.c.person_id == person_id))


def note(r: Reacting, fact: Fact) -> None:
    """Another service has answered."""
    assert isinstance(fact.data, ErasureAnswer)  # noqa: S101 - the subscription's key says so
    organisation_id, _, _ = fact.stream.partition("/")
    service = fact.data.TYPE.partition(".")[0]
    command = NoteKeyDestruction(
        erasure_id=fact.data.erasure_id, service=service, destroyed_at=fact.data.destroyed_at, now=r.now
    )
    r.store.execute(r.tx, ERASURE, person_stream(organisation_id, fact.data.person_id), command, r.meta)


def note_own(tx: Tx, store: EventStore, answer: KeyDestroyed, meta: Meta) -> None:
    """Intake's own answer, which it does not hear from the log."""
    command = NoteKeyDestruction(
        erasure_id=answer.erasure_id, service=INTAKE.short, destroyed_at=answer.destroyed_at, now=answer.destroyed_at
    )
    stream = person_stream(meta.actor.organisation_id, answer.person_id)
    store.execute(tx, ERASURE, stream, command, meta)


ERASING = Erasing(purge=purge, answered=note_own)
