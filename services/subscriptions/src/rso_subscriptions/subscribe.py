"""Facts of others -> public events in the feeds of those who may hear them. The only way in beside the API."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import select

from rso_shared.contracts.base import FactModel
from rso_shared.contracts.coordinator import StageEntered
from rso_shared.contracts.intake import CaseSubmitted, CoveredLivesStated, OrganisationRegistered, ProgramPublished
from rso_shared.kit import facts
from rso_shared.kit.clock import iso
from rso_shared.kit.facts import Fact
from rso_shared.kit.ids import derived_id
from rso_shared.kit.reactions import Reacting, Subscription
from rso_subscriptions import feed, sponsors
from rso_subscriptions.public.events import Event, Level, PublicType, Sponsor
from rso_subscriptions.public.mapping import HEARD, Envelope, Happening, for_partner, for_sponsor, happening, pays
from rso_subscriptions.tables import GRANTS


@dataclass(frozen=True, slots=True)
class Told:
    """One fact on its way to those who hear it."""

    reacting: Reacting
    case: CaseSubmitted
    happening: Happening

    def everyone(self) -> Iterator[tuple[feed.Place, Callable[[int], Event]]]:
        """In the order of organisations, so that two consumers never wait for each other's rows."""
        found = [*self._sponsors_side(), *self._partner()]
        return iter(sorted(found, key=lambda each: each[0].organisation_id))

    def _partner(self) -> Iterator[tuple[feed.Place, Callable[[int], Event]]]:
        partner = self.case.partner_organisation_id
        if partner is None or not self._charged(Level.PARTNER):
            return
        place = self._place(partner, None)
        yield place, lambda number: for_partner(self.happening, self.case, self._envelope(partner, number))

    def _sponsors_side(self) -> Iterator[tuple[feed.Place, Callable[[int], Event]]]:
        """The sponsor and whoever it lets hear; nobody while it is small."""
        sponsor, r = self.case.sponsor_id, self.reacting
        if sponsor is None or self.happening.of_sponsor is None or not self._charged(Level.STAGE):
            return
        if sponsors.too_small(r.tx, sponsor, r.now):
            return
        yield self._place(sponsor, sponsor), self._for(sponsor, Sponsor(sponsor_id=sponsor))
        for platform, external_id in platforms(r, sponsor, Level.STAGE, iso(r.fact.time)):
            named = Sponsor(sponsor_id=sponsor, external_id=external_id)
            yield self._place(platform, sponsor), self._for(platform, named)

    def _for(self, organisation_id: str, sponsor: Sponsor) -> Callable[[int], Event]:
        """A member's key is made for the sponsor: with the same person's key at another one it has nothing in common."""
        of = sponsor.sponsor_id
        case_key = f"c_{self.reacting.store.blind(f'case|{of}|{self.case.case_id}')[:32]}"
        member_key = f"m_{self.reacting.store.blind(f'member|{of}|{self.case.person_id}')[:32]}"
        return lambda number: for_sponsor(
            self.happening, case_key, member_key, self._envelope(organisation_id, number, sponsor)
        )

    def _charged(self, level: Level) -> bool:
        return self.happening.type is not PublicType.CASE_BILLABLE or pays(self.case) is level

    def _place(self, organisation_id: str, sponsor_id: str | None) -> feed.Place:
        case = self.case
        return feed.Place(organisation_id, case.case_id, self.reacting.fact.time, sponsor_id, case.program.program_id)

    def _envelope(self, organisation_id: str, number: int, sponsor: Sponsor | None = None) -> Envelope:
        """An id of its own at each organisation: two that compare notes do not find the same event by it."""
        id_ = derived_id(self.reacting.fact.event_id, "public", organisation_id)
        return Envelope(id_, number, organisation_id, self.reacting.store.livemode, sponsor)


def platforms(r: Reacting, sponsor_id: str, level: Level, at: str) -> Iterator[tuple[str, str]]:
    """(platform, its name for the sponsor) with a grant in force at that instant."""
    query = select(GRANTS).where(GRANTS.c.sponsor_id == sponsor_id, GRANTS.c.effective_from <= at)
    for row in r.tx.conn.execute(query).all():
        if (row.until is None or at < row.until) and level in {row.level, Level.COUNTS}:
            yield row.platform_id, row.external_id


def tell(r: Reacting, fact: Fact) -> None:
    """Nobody hears of a case before the fact that opened it is here."""
    case = facts.require(r.tx, CaseSubmitted, fact.key)
    told = happening(fact.data, fact.time)
    if isinstance(fact.data, StageEntered) and not sponsors.note_stage(r.tx, fact.data):
        return
    if told is not None:
        for place, make in Told(r, case, told).everyone():
            feed.enter(r.tx, place, make, r.now)


def open_case(r: Reacting, fact: Fact) -> None:
    assert isinstance(fact.data, CaseSubmitted)  # noqa: S101 - the subscription's key says so
    sponsors.note_opened(r.tx, fact.data, r.now)
    tell(r, fact)


def note(r: Reacting, fact: Fact) -> None:
    """Who is who."""
    match fact.data:
        case OrganisationRegistered() as registered:
            sponsors.note_organisation(r.tx, registered, r.now)
        case CoveredLivesStated() as stated:
            sponsors.note_lives(r.tx, stated, r.now)
        case ProgramPublished() as published:
            sponsors.note_program(r.tx, published)


WHO: tuple[type[FactModel], ...] = (OrganisationRegistered, CoveredLivesStated, ProgramPublished)
SUBSCRIPTION = Subscription(
    keeps=frozenset({CaseSubmitted}),
    reactions={**dict.fromkeys(HEARD, tell), **dict.fromkeys(WHO, note), CaseSubmitted: open_case},
)
