"""Commands and expected events around one offer `o-s1` to `s1`, for the tests of a case's matching."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from matching.builders import (
    CASE,
    EXPIRES,
    NOW,
    WINDOW,
    needs,
    standing,
)
from rso_matching.domain.matching_commands import (
    Accept,
    Attest,
    Decline,
    Lapse,
    OfferNext,
    Stop,
)
from rso_matching.domain.matching_events import (
    AssignmentCompleted,
    AssignmentReleased,
    MatchingExhausted,
    OfferDeclined,
    OfferLapsed,
    OfferWithdrawn,
    ReleaseReason,
    WithdrawalReason,
)
from rso_shared.contracts.vocabulary import OfferDeclineReason

LATE = EXPIRES
JUST_IN_TIME = EXPIRES - timedelta(microseconds=1)


def offer_next(*ids: str, n: int | None = 1, backup: bool = False, max_offers: int = 10, **changes: Any) -> OfferNext:
    command = OfferNext(
        n=n,
        backup=backup,
        offer_id=f"o-{ids[0] if ids else 'none'}",
        at=NOW,
        window=WINDOW,
        max_offers=max_offers,
        needs=needs(),
        standing=standing(*ids),
    )
    return replace(command, **changes)


def accept(specialist_id: str = "s1", **changes: Any) -> Accept:
    command = Accept(
        offer_id=f"o-{specialist_id}", assignment_id=f"a-{specialist_id}", specialist_version=3, reasons=(), at=NOW
    )
    return replace(command, **changes)


def attest(*, conflict: bool = False, **changes: Any) -> Attest:
    return replace(Attest(offer_id="o-s1", conflict=conflict, statement_version="1", at=NOW), **changes)


def decline(**changes: Any) -> Decline:
    return replace(Decline(offer_id="o-s1", reason=OfferDeclineReason.PERSONAL, at=NOW), **changes)


def lapse(**changes: Any) -> Lapse:
    return replace(Lapse(offer_id="o-s1", due=EXPIRES, at=EXPIRES), **changes)


def declined(reason: OfferDeclineReason = OfferDeclineReason.PERSONAL) -> OfferDeclined:
    return OfferDeclined(case_id=CASE, offer_id="o-s1", specialist_id="s1", reason=reason, declined_at=NOW)


def lapsed() -> OfferLapsed:
    return OfferLapsed(case_id=CASE, offer_id="o-s1", specialist_id="s1", lapsed_at=EXPIRES)


def released(reason: ReleaseReason, specialist_id: str = "s1") -> AssignmentReleased:
    return AssignmentReleased(
        case_id=CASE, assignment_id=f"a-{specialist_id}", specialist_id=specialist_id, reason=reason, released_at=NOW
    )


def withdrawn(specialist_id: str, reason: WithdrawalReason) -> OfferWithdrawn:
    return OfferWithdrawn(
        case_id=CASE, offer_id=f"o-{specialist_id}", specialist_id=specialist_id, reason=reason, withdrawn_at=NOW
    )


def completed() -> AssignmentCompleted:
    return AssignmentCompleted(case_id=CASE, assignment_id="a-s1", specialist_id="s1", completed_at=NOW)


def exhausted(n: int = 1, *, backup: bool = False, offers: int = 0, round_: int = 1) -> MatchingExhausted:
    return MatchingExhausted(
        case_id=CASE, round=round_, n=n, backup=backup, offers=offers, exhausted_at=NOW, passed_over=()
    )


def stop() -> Stop:
    return Stop(released=ReleaseReason.CASE_WITHDRAWN, withdrawn=WithdrawalReason.CASE_WITHDRAWN, at=NOW)
