"""How far a case is, as far as facts tell. Set-like: facts may come twice and in any order across services."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Milestones:
    """Mutable on purpose: it is the memory of one workflow run, changed by facts alone. Only ids, codes and ISO instants."""

    owner: str | None = None
    """Who was made responsible last; None while nobody has been since the submission."""
    eligible: bool = False
    declined: bool = False
    licensed_only: bool = False
    local_provider_required: bool = False
    authorization_id: str | None = None
    authorization_signed: bool = False
    provider_joined: bool = False
    payment_settled: bool = False
    payment_quoted: bool = False
    compilation_started: bool = False
    record_set_accepted_at: str | None = None
    summary_signed: bool = False
    matching_started: bool = False
    exhausted: bool = False
    no_backup: bool = False
    """Asked for a backup, matching found nobody."""
    offers: dict[str, str] = field(default_factory=dict)
    """offer id -> expires_at, of offers nobody has answered yet."""
    answered: set[str] = field(default_factory=set)
    assignment_id: str | None = None
    released_assignments: set[str] = field(default_factory=set)
    specialist_id: str | None = None
    accepted_at: str | None = None
    submitted_version: int = 0
    returned_version: int = 0
    approved_version: int = 0
    signed: bool = False
    released_to: set[str] = field(default_factory=set)
    viewed_by: set[str] = field(default_factory=set)
    holds: set[str] = field(default_factory=set)
    withdrawn: bool = False
    expired: bool = False
    closed: bool = False

    def apply(self, type_: str, data: Mapping[str, Any]) -> None:
        """Takes one fact by its stored name; a type that moves nothing here is ignored."""
        handler = _HANDLERS.get(type_)
        if handler is not None:
            handler(self, data)

    def joined(self) -> bool:
        """The join: everything that must be there before records are compiled, whatever came first."""
        return (
            self.authorization_signed
            and self.payment_settled
            and (self.provider_joined or not self.local_provider_required)
        )

    def submitted(self) -> bool:
        """A version lies with quality review: submitted and not sent back."""
        return self.submitted_version > self.returned_version

    def approved(self) -> bool:
        return self.approved_version > self.returned_version


def _owned(m: Milestones, d: Mapping[str, Any]) -> None:
    m.owner = d["owner"]


def _eligible(m: Milestones, d: Mapping[str, Any]) -> None:
    m.eligible = True
    m.local_provider_required = bool(d["local_provider_required"])
    m.licensed_only = bool(d["licensed_only"])


def _flag(name: str) -> Any:
    def handler(m: Milestones, _d: Mapping[str, Any]) -> None:
        setattr(m, name, True)

    return handler


def _requested(m: Milestones, d: Mapping[str, Any]) -> None:
    m.authorization_id = d["authorization_id"]


def _signed_authorization(m: Milestones, d: Mapping[str, Any]) -> None:
    m.authorization_id = d["authorization_id"]
    m.authorization_signed = True


def _record_set(m: Milestones, d: Mapping[str, Any]) -> None:
    m.record_set_accepted_at = d["accepted_at"]


def _offered(m: Milestones, d: Mapping[str, Any]) -> None:
    m.exhausted = False
    if d["offer_id"] not in m.answered:
        m.offers[d["offer_id"]] = d["expires_at"]


def _answered(m: Milestones, d: Mapping[str, Any]) -> None:
    m.answered.add(d["offer_id"])
    m.offers.pop(d["offer_id"], None)


def _accepted(m: Milestones, d: Mapping[str, Any]) -> None:
    _answered(m, d)
    if d["assignment_id"] in m.released_assignments:
        return
    m.assignment_id, m.specialist_id, m.accepted_at = d["assignment_id"], d["specialist_id"], d["accepted_at"]


def _released_assignment(m: Milestones, d: Mapping[str, Any]) -> None:
    m.released_assignments.add(d["assignment_id"])
    if m.assignment_id == d["assignment_id"]:
        m.returned_version = max(m.returned_version, m.submitted_version)
        m.assignment_id = m.specialist_id = m.accepted_at = None


def _version(name: str) -> Any:
    def handler(m: Milestones, d: Mapping[str, Any]) -> None:
        setattr(m, name, max(getattr(m, name), int(d["opinion_version"])))

    return handler


def _released(m: Milestones, d: Mapping[str, Any]) -> None:
    m.released_to.update(d["recipients"])


def _viewed(m: Milestones, d: Mapping[str, Any]) -> None:
    m.viewed_by.add(d["role"])


def _held(m: Milestones, d: Mapping[str, Any]) -> None:
    m.holds.add(d["reason"])


def _resumed(m: Milestones, d: Mapping[str, Any]) -> None:
    m.holds.discard(d["reason"])
    m.exhausted = False


_HANDLERS: dict[str, Any] = {
    "intake.owner_assigned": _owned,
    "intake.eligibility_confirmed": _eligible,
    "intake.case_declined": _flag("declined"),
    "intake.authorization_requested": _requested,
    "intake.authorization_signed": _signed_authorization,
    "intake.local_provider_joined": _flag("provider_joined"),
    "intake.case_withdrawn": _flag("withdrawn"),
    "intake.case_expired": _flag("expired"),
    "intake.case_closed": _flag("closed"),
    "intake.case_held": _held,
    "intake.case_resumed": _resumed,
    "records.compilation_started": _flag("compilation_started"),
    "records.record_set_accepted": _record_set,
    "records.case_summary_signed": _flag("summary_signed"),
    "matching.matching_started": _flag("matching_started"),
    "matching.matching_exhausted": _flag("exhausted"),
    "matching.case_offered": _offered,
    "matching.offer_accepted": _accepted,
    "matching.offer_declined": _answered,
    "matching.offer_lapsed": _answered,
    "matching.offer_withdrawn": _answered,
    "matching.assignment_released": _released_assignment,
    "opinions.opinion_submitted": _version("submitted_version"),
    "opinions.revision_requested": _version("returned_version"),
    "opinions.opinion_approved": _version("approved_version"),
    "opinions.opinion_signed": _flag("signed"),
    "opinions.opinion_released": _released,
    "opinions.opinion_viewed": _viewed,
    "billing.fee_quoted": _flag("payment_quoted"),
    "billing.coverage_confirmed": _flag("payment_settled"),
    "billing.payment_captured": _flag("payment_settled"),
}
