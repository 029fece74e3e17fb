"""Demo data: facilities and 500 specialists over NUCC codes, focuses and states. Deterministic: the same rows every time."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from rso_onebox.default_tables import load_jurisdictions, load_taxonomy

SPECIALISTS = 500
STATES_PER_SPECIALIST = 12
FACILITIES = 12
BATCH = 100
COVERED_LIVES = 5200
GRANT = {"sponsor_id": "example-employer", "platform_id": "example-benefits", "external_id": "EMP-0042"}
OWNERS: tuple[dict[str, Any], ...] = (
    {"organisation_id": "example-health", "kind": "partner", "name": "Example Health", "state": "MA"},
    {"organisation_id": "example-employer", "kind": "sponsor", "name": "Example Employer", "state": "NY"},
    {"organisation_id": "example-benefits", "kind": "platform", "name": "Example Benefits", "state": "CA"},
)


def organisations() -> Iterator[dict[str, Any]]:
    """The centres that seeded specialists are affiliated with."""
    for number in range(1, FACILITIES + 1):
        yield {
            "organisation_id": f"centre-{number:02}",
            "kind": "facility",
            "name": f"Specialist Centre {number:02}",
            "state": None,
        }


def batches(folder: Path, today: date) -> Iterator[list[dict[str, Any]]]:
    """Bodies for `POST /v1/specialist-batches`, a hundred at a time."""
    rows = list(specialists(folder, today))
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def specialists(folder: Path, today: date) -> Iterator[dict[str, Any]]:
    taxonomy = load_taxonomy(folder)
    states = [row.state for row in load_jurisdictions(folder)]
    for number in range(1, SPECIALISTS + 1):
        kind = taxonomy[(number - 1) % len(taxonomy)]
        licensed = [states[(number * 7 + step * 5) % len(states)] for step in range(STATES_PER_SPECIALIST)]
        yield {
            "given": "Specialist",
            "family": f"{number:04}",
            "email": f"specialist{number:04}@example.org",
            "npi": npi(number),
            "taxonomy": [kind.code],
            "focus": [group.value for group in kind.focus],
            "languages": ["en", "es"] if number % 4 == 0 else ["en"],
            "capacity": 3,
            "affiliations": [f"centre-{number % FACILITIES + 1:02}"],
            "licences": [_licence(state, number, today) for state in dict.fromkeys(licensed)],
            "credentials_verified_on": date(today.year, 1, 15).isoformat(),
            "evidence": ["licence_primary_source", "board_certification"],
        }


def _licence(state: str, number: int, today: date) -> dict[str, Any]:
    return {
        "country": "US",
        "state": state,
        "number": f"{state}{number:06}",
        "valid_from": date(today.year - 6, 1, 1).isoformat(),
        "valid_to": date(today.year + 2, 12, 31).isoformat(),
    }


def npi(number: int) -> str:
    """A number of the right form (ten digits, Luhn over 80840 + NPI) that no provider has: it begins with 9."""
    digits = f"9{number:08}"
    total = 0
    for place, digit in enumerate(reversed("80840" + digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - the digits of a two-digit product are summed
    return digits + str(-total % 10)
