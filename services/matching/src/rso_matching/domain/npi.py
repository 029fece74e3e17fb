"""National Provider Identifiers: ten digits, the first 1 or 2, Luhn over 80840 followed by the number (ISO/IEC 7812).

Synthetic data uses numbers that start with 9 and pass the check digit; only a setting lets those in.
"""

import re

from rso_shared.kit.errors import invalid

_ISSUER = "80840"
_SHAPE = re.compile(r"[0-9]{10}")


def luhn_valid(digits: str) -> bool:
    """True if the last digit is the Luhn check digit of those before it."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - a two-digit product counts as its digit sum
    return total % 10 == 0


def require_npi(number: str, *, synthetic_allowed: bool = False) -> None:
    """Raises 422 `npi_invalid`; the refusal never repeats the number."""
    leading = "129" if synthetic_allowed else "12"
    if not _SHAPE.fullmatch(number) or number[0] not in leading or not luhn_valid(_ISSUER + number):
        raise invalid(
            "npi_invalid", "The NPI is not a valid ten-digit identifier; check it for a typing error.", "/npi"
        )
