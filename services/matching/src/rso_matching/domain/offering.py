"""Offering a case: whom to ask next, judged again at this very instant, or nobody left."""

from collections.abc import Sequence

from rso_matching.domain.answering import lapsed
from rso_matching.domain.decision import Considered, Excluded, excluded
from rso_matching.domain.eligibility import exclusions
from rso_matching.domain.matching_commands import OfferNext
from rso_matching.domain.matching_events import CaseOffered, MatchingEvent, MatchingExhausted
from rso_matching.domain.matching_state import CaseMatching, evolve
from rso_shared.kit.errors import DomainError


def offer_next(command: OfferNext, state: CaseMatching) -> Sequence[MatchingEvent]:
    if state.decision is None:
        raise DomainError("matching_not_started", "There is no match decision to offer from.")
    if state.absorbs(command.n, backup=command.backup, at=command.at):
        return ()
    overdue = _overdue(command, state)
    for event in overdue:
        state = evolve(state, event)
    _require_room(command, state)
    chosen, passed_over = _choose(command, state)
    if chosen is None or state.offers_this_round() >= command.max_offers:
        return (*overdue, _exhausted(command, state, passed_over))
    return (*overdue, _offered(command, state, chosen, passed_over))


def _overdue(command: OfferNext, state: CaseMatching) -> Sequence[MatchingEvent]:
    """An offer whose window is over stands in nobody's way, even if its own timer has not come round yet."""
    offer = state.open_offer
    return (lapsed(state, offer),) if offer is not None and command.at >= offer.expires_at else ()


def _require_room(command: OfferNext, state: CaseMatching) -> None:
    if command.n is not None and command.n > state.next_number(backup=command.backup):
        raise DomainError("offer_number_skipped", "Offers are requested one after the other, without a gap.")
    if state.open_offer:
        raise DomainError("offer_open", "An offer of this case is waiting for its answer.")
    if command.backup and not state.active:
        raise DomainError("no_active_assignment", "A backup is offered only while somebody has the case.")
    if state.active and not command.backup:
        raise DomainError("already_assigned", "A specialist has this case already.")


def _choose(command: OfferNext, state: CaseMatching) -> tuple[Considered | None, tuple[Excluded, ...]]:
    """The first candidate who is still eligible at this instant, and those before who no longer are."""
    passed: list[Excluded] = []
    for one in command.standing:
        if one.specialist.specialist_id in state.asked:
            continue
        reasons = exclusions(one.specialist, command.needs, one.load, command.at)
        if not reasons:
            return one, tuple(passed)
        passed.append(excluded(one, reasons))
    return None, tuple(passed)


def _offered(
    command: OfferNext, state: CaseMatching, chosen: Considered, passed_over: tuple[Excluded, ...]
) -> CaseOffered:
    return CaseOffered(
        case_id=state.case_id,
        offer_id=command.offer_id,
        specialist_id=chosen.specialist.specialist_id,
        specialist_version=chosen.specialist.version,
        n=state.next_number(backup=command.backup),
        backup=command.backup,
        offered_at=command.at,
        expires_at=command.at + command.window,
        passed_over=passed_over,
    )


def _exhausted(command: OfferNext, state: CaseMatching, passed_over: tuple[Excluded, ...]) -> MatchingExhausted:
    return MatchingExhausted(
        case_id=state.case_id,
        round=state.round,
        n=state.next_number(backup=command.backup),
        backup=command.backup,
        offers=state.offers_this_round(),
        exhausted_at=command.at,
        passed_over=passed_over,
    )
