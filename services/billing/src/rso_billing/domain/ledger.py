"""The double-entry ledger: every money event is followed, in the same append, by an entry that balances.

Charges and honoraria never touch each other's accounts, so that no one can read what a specialist earned out of what a
patient paid, or the other way round.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rso_billing.domain.money import Money
from rso_shared.contracts.vocabulary import CoverageRoute
from rso_shared.kit.events import event

CASH = "cash"
DEPOSITS = "deposits"
"""Money in hand for a charge that is not due yet: owed back until the charge point is reached."""
REVENUE = "revenue"
REFUNDS = "refunds"
HONORARIA_EXPENSE = "honoraria_expense"
HONORARIA_PAYABLE = "honoraria_payable"


def receivable(route: CoverageRoute) -> str:
    return f"receivable:{route}"


CHARGE_ACCOUNTS = frozenset({CASH, DEPOSITS, REFUNDS, REVENUE, *map(receivable, CoverageRoute)})
HONORARIUM_ACCOUNTS = frozenset({HONORARIA_EXPENSE, HONORARIA_PAYABLE})


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of an entry: a debit is positive, a credit negative."""

    account: str
    amount: Money


@event("billing.ledger_entry_posted")
class LedgerEntryPosted:
    """`entry_id` is the thing it is about and the cause: the same effect cannot be posted twice under two ids."""

    entry_id: str
    case_id: str
    cause: str
    postings: tuple[Posting, ...]


def entry(*, about: str, case_id: str, cause: str, debit: str, credit: str, amount: Money) -> list[LedgerEntryPosted]:
    """Balanced by construction; nothing at all for an amount of zero."""
    if not amount:
        return []
    postings = (Posting(debit, amount), Posting(credit, -amount))
    return [LedgerEntryPosted(entry_id=f"{about}/{cause}", case_id=case_id, cause=cause, postings=postings)]


def trial_balance(postings: Iterable[Posting]) -> dict[str, int]:
    """Debits less credits per currency. Every figure is zero, or the books are wrong."""
    totals: Counter[str] = Counter()
    for posting in postings:
        totals[posting.amount.currency] += posting.amount.amount_minor
    return dict(totals)
