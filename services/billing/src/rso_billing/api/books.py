"""The books: every account's balance, and the lines it is made of."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from rso_billing import projections
from rso_billing.api.models import AccountBalance, Journal, JournalLine, TrialBalance
from rso_shared.kit.web.as_of import AsOf
from rso_shared.kit.web.call import STAFF, Call, permitted

router = APIRouter(prefix="/v1/ledger", tags=["billing"])
Reading = Annotated[Call, Depends(permitted("ledger.read"))]


@router.get("/trial-balance", summary="Every account; the differences are zero", **STAFF)
def trial_balance(call: Reading, as_of: AsOf) -> TrialBalance:
    with call.read() as tx:
        balances = projections.balances(tx, as_of=as_of)
    difference: Counter[str] = Counter()
    for balance in balances:
        difference[balance.currency] += balance.debit_minor - balance.credit_minor
    accounts = [
        AccountBalance(
            account=one.account,
            currency=one.currency,
            debit_minor=one.debit_minor,
            credit_minor=one.credit_minor,
            balance_minor=one.debit_minor - one.credit_minor,
        )
        for one in balances
    ]
    return TrialBalance(
        as_of=as_of or call.now,
        balanced=not any(difference.values()),
        difference_minor=dict(difference),
        accounts=accounts,
    )


@router.get("/entries", summary="The journal lines of one case", **STAFF)
def entries(call: Reading, case_id: Annotated[str, Query(min_length=1, max_length=64)]) -> Journal:
    with call.read() as tx:
        lines = [JournalLine.model_validate(dict(row)) for row in projections.journal(tx, case_id)]
    return Journal(lines=lines)
