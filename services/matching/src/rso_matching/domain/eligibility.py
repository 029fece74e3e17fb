"""May this specialist have this case at this instant? Pure, and it names every reason, not only the first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rso_matching.domain.licence import credentials_due, day_of
from rso_matching.domain.needs import CaseNeeds, primary_subtag
from rso_matching.domain.specialist import Specialist


class Exclusion(StrEnum):
    """Why not. The order here is the order in which reasons are listed."""

    FOCUS_MISMATCH = "focus_mismatch"
    NOT_LICENSED = "not_licensed"
    NO_LICENCE_IN_FORCE = "no_licence_in_force"
    CREDENTIALS_STALE = "credentials_stale"
    AT_CAPACITY = "at_capacity"
    LANGUAGE_MISMATCH = "language_mismatch"
    AFFILIATED_WITH_TREATING_FACILITY = "affiliated_with_treating_facility"
    AFFILIATED_WITH_PARTNER = "affiliated_with_partner"
    AFFILIATED_WITH_SPONSOR = "affiliated_with_sponsor"
    PRIOR_INVOLVEMENT = "prior_involvement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What other cases and other roles say of a specialist at the instant of a decision.

    `active` assignments now, over all cases; `recent_offers` and `recent_lapses` inside the ranking's windows;
    `involved`: a party to this case in another role, or assigned at any time to another case of the same person.
    """

    active: int = 0
    recent_offers: int = 0
    recent_lapses: int = 0
    involved: bool = False


def exclusions(specialist: Specialist, needs: CaseNeeds, load: Load, at: datetime) -> tuple[Exclusion, ...]:
    """Empty means eligible."""
    return (
        *_fit(specialist, needs),
        *credential_exclusions(specialist, needs, at),
        *_availability(specialist, needs, load),
        *_conflicts(specialist, needs, load),
    )


def credential_exclusions(specialist: Specialist, needs: CaseNeeds, at: datetime) -> tuple[Exclusion, ...]:
    """Licence and credentials alone: what must still hold when an opinion is signed."""
    today = day_of(at)
    in_force = [licence for licence in specialist.licences if licence.in_force(today)]
    there = any(licence.covers(needs.country, needs.state) for licence in in_force)
    reasons: list[Exclusion] = []
    if needs.licensed_only and not there:
        reasons.append(Exclusion.NOT_LICENSED)
    if not in_force:
        reasons.append(Exclusion.NO_LICENCE_IN_FORCE)
    if specialist.verified_on is None or credentials_due(specialist.verified_on) < today:
        reasons.append(Exclusion.CREDENTIALS_STALE)
    return tuple(reasons)


def _fit(specialist: Specialist, needs: CaseNeeds) -> Iterator[Exclusion]:
    if needs.condition_group not in specialist.focus:
        yield Exclusion.FOCUS_MISMATCH


def _availability(specialist: Specialist, needs: CaseNeeds, load: Load) -> Iterator[Exclusion]:
    if load.active >= specialist.capacity:
        yield Exclusion.AT_CAPACITY
    if needs.language not in {primary_subtag(language) for language in specialist.languages}:
        yield Exclusion.LANGUAGE_MISMATCH


def _conflicts(specialist: Specialist, needs: CaseNeeds, load: Load) -> Iterator[Exclusion]:
    affiliations = set(specialist.affiliations)
    if affiliations & set(needs.treating_facility_ids):
        yield Exclusion.AFFILIATED_WITH_TREATING_FACILITY
    if needs.partner_organisation_id in affiliations:
        yield Exclusion.AFFILIATED_WITH_PARTNER
    if needs.sponsor_id in affiliations:
        yield Exclusion.AFFILIATED_WITH_SPONSOR
    if load.involved:
        yield Exclusion.PRIOR_INVOLVEMENT
