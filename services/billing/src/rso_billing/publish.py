"""Recorded event -> fact. The only way out: a fact takes from its event the fields that the contract names, and no other."""

from typing import Any

from rso_billing.domain import charge_events as charge
from rso_billing.domain import honorarium
from rso_shared.contracts import billing as facts
from rso_shared.contracts.base import FactModel
from rso_shared.kit.events import Recorded

_MODELS: dict[type, type[FactModel]] = {
    charge.FeeQuoted: facts.FeeQuoted,
    charge.CoverageConfirmed: facts.CoverageConfirmed,
    charge.PaymentCaptured: facts.PaymentCaptured,
    charge.ChargeCaptured: facts.ChargeCaptured,
    charge.InvoiceIssued: facts.InvoiceIssued,
    charge.RefundIssued: facts.RefundIssued,
    charge.ChargeVoided: facts.ChargeVoided,
    honorarium.HonorariumAccrued: facts.HonorariumAccrued,
    honorarium.HonorariumApproved: facts.HonorariumApproved,
}


def publish(recorded: Recorded) -> FactModel | None:
    """Ledger entries and the decision to keep a charge stay in the house."""
    model = _MODELS.get(type(recorded.event))
    return None if model is None else model.model_validate(_named(recorded.event, model))


def _named(happened: Any, model: type[FactModel]) -> dict[str, Any]:
    """Money is two fields in the contract: an integer and a currency."""
    fields = {name: getattr(happened, name) for name in model.model_fields if hasattr(happened, name)}
    if "amount_minor" in model.model_fields:
        fields |= {"amount_minor": happened.amount.amount_minor, "currency": happened.amount.currency}
    return fields
