"""The reference number: ten random digits and a Luhn digit, by which the second party finds the case within 30 days."""

from datetime import datetime, timedelta

RANDOM_DIGITS = 10
JOINABLE_FOR = timedelta(days=30)

_LENGTH = RANDOM_DIGITS + 1
_HIGHEST_DIGIT = 9


def luhn_digit(digits: str) -> str:
    """The check digit that makes `digits` plus itself pass the Luhn test (ISO/IEC 7812-1)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - _HIGHEST_DIGIT if value > _HIGHEST_DIGIT else value
    return str(-total % 10)


def reference_number(digits: str) -> str:
    return digits + luhn_digit(digits)


def normalised(text: str) -> str | None:
    """The number without spaces and hyphens, or None when it cannot be one: a typing error costs no look-up."""
    digits = text.replace(" ", "").replace("-", "")
    if len(digits) != _LENGTH or not (digits.isascii() and digits.isdigit()):
        return None
    return digits if luhn_digit(digits[:-1]) == digits[-1] else None


def joinable_until(submitted_at: datetime) -> datetime:
    return submitted_at + JOINABLE_FOR
