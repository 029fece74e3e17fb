"""The commands on one case's matching: gather what the decider has to know, inside the transaction, and let it decide."""

from dataclasses import dataclass
from datetime import datetime

from rso_matching import caseload, directory
from rso_matching.domain.case_matching import CASE_MATCHING
from rso_matching.domain.decision import Considered, MatchInputs
from rso_matching.domain.eligibility import exclusions
from rso_matching.domain.matching_commands import Accept, MatchingCommand, OfferNext, StartMatching
from rso_matching.domain.matching_events import CaseOffered
from rso_matching.domain.matching_state import CaseMatching, OfferStatus
from rso_matching.domain.needs import CaseNeeds, offer_window
from rso_matching.domain.ranking import CURRENT
from rso_matching.notices import mail
from rso_matching.subscribe import known_case, known_needs, require_open, stream_of_case
from rso_shared.kit.database import Tx
from rso_shared.kit.events import Meta
from rso_shared.kit.store import EventStore, Executed, Folded


@dataclass(frozen=True, slots=True)
class Desk:
    """One command at work: its transaction, its instant and who asks."""

    store: EventStore
    tx: Tx
    meta: Meta
    now: datetime

    def fold(self, case_id: str) -> Folded[CaseMatching]:
        return self.store.fold(self.tx, CASE_MATCHING, stream_of_case(self.tx, case_id))

    def execute(self, case_id: str, command: MatchingCommand) -> Executed[CaseMatching]:
        """Decides and appends; whoever is offered the case hears of it by mail."""
        done = self.store.execute(self.tx, CASE_MATCHING, stream_of_case(self.tx, case_id), command, self.meta)
        for recorded in done.recorded:
            if isinstance(recorded.event, CaseOffered):
                self._tell(recorded.event)
        return done

    def _tell(self, event: CaseOffered) -> None:
        mail(
            self.store,
            self.tx,
            case_id=event.case_id,
            specialist_id=event.specialist_id,
            template="offer_made",
            key=f"offer/{event.offer_id}",
            meta=self.meta,
        )


def start(desk: Desk, case_id: str, *, decision_id: str) -> Executed[CaseMatching]:
    if not desk.fold(case_id).state.round:
        require_open(desk.tx, case_id)
    return _search(desk, case_id, round_=1, decision_id=decision_id)


def _search(desk: Desk, case_id: str, *, round_: int, decision_id: str) -> Executed[CaseMatching]:
    needs = known_needs(desk.tx, case_id)
    found, off_focus = directory.pool(desk.tx, needs.condition_group)
    loads = caseload.loads(desk.tx, [one.specialist_id for one in found], needs, desk.now)
    pool = tuple(Considered(specialist=one, load=loads[one.specialist_id]) for one in found)
    inputs = MatchInputs(
        decision_id=decision_id, at=desk.now, ranking=CURRENT, needs=needs, off_focus=off_focus, pool=pool
    )
    return desk.execute(case_id, StartMatching(round=round_, inputs=inputs))


def offer_next(
    desk: Desk, case_id: str, *, n: int | None, backup: bool, offer_id: str, decision_id: str
) -> Executed[CaseMatching]:
    """After an exhausted round a new request searches again: the directory or the case may have changed meanwhile."""
    state, case = desk.fold(case_id).state, known_case(desk.tx, case_id)
    if not state.absorbs(n, backup=backup, at=desk.now):
        require_open(desk.tx, case_id)
        if state.searched:
            state = _search(desk, case_id, round_=state.round + 1, decision_id=decision_id).state
    command = OfferNext(
        n=n,
        backup=backup,
        offer_id=offer_id,
        at=desk.now,
        window=offer_window(case.policy, case.priority),
        max_offers=case.policy.max_offers,
        needs=case.needs,
        standing=_standing(desk, state, case.needs),
    )
    return desk.execute(case_id, command)


def _standing(desk: Desk, state: CaseMatching, needs: CaseNeeds) -> tuple[Considered, ...]:
    """The candidates not asked yet, in the decision's order, with the profile and the load of this instant."""
    ids = state.remaining()
    profiles, loads = directory.profiles(desk.tx, ids), caseload.loads(desk.tx, ids, needs, desk.now)
    return tuple(Considered(specialist=profiles[id_], load=loads[id_]) for id_ in ids)


def accept(desk: Desk, case_id: str, *, offer_id: str, assignment_id: str) -> Executed[CaseMatching]:
    """Eligibility is judged again under the lock on the specialist's row: capacity holds however many accept at once."""
    offer = desk.fold(case_id).state.offer(offer_id)
    if offer is None or offer.status is not OfferStatus.ACCEPTED:
        require_open(desk.tx, case_id)
    specialist_id = caseload.offer_row(desk.tx, offer_id)["specialist_id"]
    profile, needs = directory.locked_profile(desk.tx, specialist_id), known_needs(desk.tx, case_id)
    load = caseload.loads(desk.tx, [specialist_id], needs, desk.now)[specialist_id]
    command = Accept(
        offer_id=offer_id,
        assignment_id=assignment_id,
        specialist_version=profile.version,
        reasons=exclusions(profile, needs, load, desk.now),
        at=desk.now,
    )
    return desk.execute(case_id, command)
