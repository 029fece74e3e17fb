"""What a case costs under its own program version: the price of the state, and a surcharge for haste."""

from rso_billing.domain.money import Money
from rso_shared.contracts.program import Price
from rso_shared.contracts.vocabulary import Priority


def quoted_amount(price: Price, *, state: str, priority: Priority) -> Money:
    """`price.expedited_percent` is added once for expedited and for urgent cases alike."""
    amount = Money(price.amount_minor_by_state.get(state, price.amount_minor), price.currency)
    return amount if priority is Priority.ROUTINE else amount.plus_percent(price.expedited_percent)


def honorarium_amount(price: Price) -> Money:
    """The same for every opinion of the program, whatever the opinion says."""
    return Money(price.honorarium_minor, price.currency)
