"""Pure: money, the charge of a case, the honorarium of a specialist, and the ledger both are posted to."""
