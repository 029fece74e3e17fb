"""Who may see which case, in every service, from the `access` that facts carry: in the producer at append, elsewhere when consumed."""

from typing import Any

from sqlalchemy import bindparam, delete, insert, select

from rso_shared.contracts.base import FactModel
from rso_shared.contracts.permissions import Reach
from rso_shared.kit.database import Tx
from rso_shared.kit.hot import Hot
from rso_shared.kit.tables import PARTIES

_ROW: dict[str, Any] = {name: bindparam(name) for name in ("case_id", "role", "subject", "organisation_id")}
_FORGET = Hot(delete(PARTIES).where(*(PARTIES.c[name] == value for name, value in _ROW.items())))
_GRANT = Hot(insert(PARTIES).values(**_ROW, granted=bindparam("granted")))


def _looked_for(*names: str, granted: bool = True) -> Hot:
    conditions = [PARTIES.c[name] == bindparam(name) for name in names]
    return Hot(select(PARTIES.c.case_id).where(*conditions, *([PARTIES.c.granted] if granted else [])).limit(1))


_KNOWN = _looked_for("case_id", granted=False)
_OF_ORGANISATION = _looked_for("case_id", "organisation_id")
_OF_SUBJECT = _looked_for("case_id", "role", "subject")


def publish(tx: Tx, fact: FactModel) -> None:
    """The producer's side of `apply`. Raises TypeError for a type that not every service listens to."""
    if fact.access and not fact.CHANGES_ACCESS:
        raise TypeError(f"{fact.TYPE} carries access, and is no type that changes it")
    apply(tx, fact)


def apply(tx: Tx, fact: FactModel) -> None:
    for change in fact.access:
        row = {
            "case_id": fact.key(),
            "role": change.role,
            "subject": change.subject or "",
            "organisation_id": change.organisation_id or "",
        }
        _FORGET.run(tx, **row)
        _GRANT.run(tx, **row, granted=change.granted)


def reaches(tx: Tx, reach: Reach, case_id: str, *, role: str, subject: str, organisation_id: str) -> bool:
    """True if a caller with this reach may act on the case. ANY still wants the case to exist here."""
    if reach is Reach.ANY:
        return bool(_KNOWN.run(tx, case_id=case_id))
    if reach is Reach.ORGANISATION:
        return bool(_OF_ORGANISATION.run(tx, case_id=case_id, organisation_id=organisation_id))
    return bool(_OF_SUBJECT.run(tx, case_id=case_id, role=role, subject=subject))
