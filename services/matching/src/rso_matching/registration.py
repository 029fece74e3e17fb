"""Commands on the directory, and the profile of a specialist as it stood at a version."""

from rso_matching import directory
from rso_matching.domain.specialist import SPECIALIST, RegisterSpecialist, Specialist, SpecialistCommand
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import DomainError
from rso_shared.kit.events import Meta
from rso_shared.kit.store import EventStore, Executed, stream_id


def register(store: EventStore, tx: Tx, command: RegisterSpecialist, meta: Meta) -> Executed[Specialist]:
    """One NPI is one specialist, whoever registers it again."""
    if directory.registered_under(tx, command.npi_fingerprint):
        raise DomainError("npi_already_registered", "A specialist with this NPI is in the directory.", pointer="/npi")
    stream = stream_id(command.organisation_id, "specialist", command.specialist_id)
    return store.execute(tx, SPECIALIST, stream, command, meta)


def execute(
    store: EventStore, tx: Tx, specialist_id: str, command: SpecialistCommand, meta: Meta
) -> Executed[Specialist]:
    return store.execute(tx, SPECIALIST, directory.stream_of(tx, specialist_id), command, meta)


def profile_at(store: EventStore, tx: Tx, specialist_id: str, version: int) -> Specialist:
    """Folded from the stream's first `version` events: what a decision of that time saw."""
    recorded = store.load(tx, directory.stream_of(tx, specialist_id))[:version]
    return SPECIALIST.fold(item.event for item in recorded)
