"""Which facts wake a case, and which of their members the workflow needs. Everything else stays out of Temporal."""

from collections.abc import Mapping
from typing import Any

from rso_coordinator.payloads import FactSeen
from rso_shared.contracts.base import FactModel

STARTS = frozenset({"intake.case_submitted"})
"""These start a workflow if none runs; every other fact is a plain signal."""

# Endings that the workflow causes itself are here too: a workflow task may be done anew after `case_closed` has arrived, and then
# has to find the same ending as before.
WAKES: Mapping[str, tuple[str, ...]] = {
    "intake.case_submitted": (),
    "intake.eligibility_confirmed": ("local_provider_required", "licensed_only"),
    "intake.authorization_signed": ("authorization_id",),
    "intake.local_provider_joined": (),
    "intake.owner_assigned": ("owner",),
    "intake.case_withdrawn": (),
    "intake.case_declined": (),
    "intake.case_expired": (),
    "intake.case_resumed": ("reason",),
    "intake.case_closed": (),
    "billing.payment_captured": (),
    "records.record_set_accepted": ("accepted_at",),
    "records.case_summary_signed": (),
    "matching.offer_accepted": ("offer_id", "assignment_id", "specialist_id", "accepted_at"),
    "matching.offer_declined": ("offer_id",),
    "matching.assignment_released": ("assignment_id",),
    "opinions.opinion_submitted": ("opinion_version",),
    "opinions.revision_requested": ("opinion_version",),
    "opinions.opinion_approved": ("opinion_version",),
    "opinions.opinion_signed": (),
    "opinions.opinion_viewed": ("role",),
}

SNAPSHOT: Mapping[str, tuple[str, ...]] = {
    **WAKES,
    "intake.authorization_requested": ("authorization_id",),
    "billing.fee_quoted": (),
    "billing.coverage_confirmed": (),
    "records.compilation_started": (),
    "matching.matching_started": (),
    "matching.matching_exhausted": (),
    "matching.case_offered": ("offer_id", "expires_at"),
    "matching.offer_lapsed": ("offer_id",),
    "matching.offer_withdrawn": ("offer_id",),
    "opinions.opinion_released": ("recipients",),
    "intake.case_held": ("reason",),
}
"""What a run reads back at its start: the same facts, and those it caused itself."""


def seen(event_id: str, fact: FactModel, members: Mapping[str, tuple[str, ...]] = WAKES) -> FactSeen | None:
    """The fact as a signal, or None if it wakes nobody."""
    names = members.get(fact.TYPE)
    if names is None:
        return None
    data: dict[str, Any] = fact.model_dump(mode="json", include=set(names)) if names else {}
    return FactSeen(event_id, fact.TYPE, data)
