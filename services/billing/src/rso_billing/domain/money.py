"""Money: an integer count of minor units and a currency. No floats, no mixing."""

from dataclasses import dataclass

from rso_shared.kit.errors import invalid

_CURRENCY_LETTERS = 3


@dataclass(frozen=True, slots=True)
class Money:
    """`amount_minor` counts the currency's smallest unit (cents of USD); `currency` is its ISO 4217 code."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount_minor) is not int:
            raise TypeError("money is counted in whole minor units")
        if len(self.currency) != _CURRENCY_LETTERS or not (self.currency.isascii() and self.currency.isupper()):
            raise ValueError("a currency is three capital letters")

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount_minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount_minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount_minor, self.currency)

    def __bool__(self) -> bool:
        return self.amount_minor != 0

    def plus_percent(self, percent: int) -> "Money":
        """The amount with a whole percentage on top, the surcharge rounded half up to a minor unit."""
        surcharge = (self.amount_minor * percent + 50) // 100
        return Money(self.amount_minor + surcharge, self.currency)

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise invalid("currency_mismatch", f"{self.currency} and {other.currency} cannot be counted together.")
        return other.amount_minor
