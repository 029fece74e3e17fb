"""Licences and credentials: what is in force on a day. Days are UTC days, the clock of every decision in the house."""

from dataclasses import dataclass
from datetime import date, datetime

CREDENTIAL_MONTHS = 36
"""Re-verification is due after three years (URAC IR-4)."""


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence to practise in one jurisdiction. `valid_to` is its last day; its number is sealed in its event."""

    licence_id: str
    country: str
    state: str
    valid_from: date
    valid_to: date

    def in_force(self, on: date) -> bool:
        return self.valid_from <= on <= self.valid_to

    def covers(self, country: str, state: str) -> bool:
        return (self.country, self.state) == (country, state)


def credentials_due(verified_on: date) -> date:
    """The last day on which a verification still counts; the 29th of February falls back to the 28th."""
    years = CREDENTIAL_MONTHS // 12
    try:
        return verified_on.replace(year=verified_on.year + years)
    except ValueError:
        return verified_on.replace(year=verified_on.year + years, day=28)


def day_of(instant: datetime) -> date:
    return instant.date()
