"""How long the record of a closed case stays, whoever asks for less."""

from datetime import UTC, date, datetime

from rso_shared.contracts.program import RetentionPolicy


def retained_until(policy: RetentionPolicy, *, closed_at: datetime, minor_born: date | None) -> datetime:
    """From this instant on nothing in the program keeps the record. `minor_born`: of who was a minor at submission.

    Always a New Year: the end of a period tells a year, and never the birthday it was counted from.
    """
    last = closed_at.year + policy.years
    if minor_born is not None:
        last = max(last, minor_born.year + policy.minor_until_turning)
    return datetime(last + 1, 1, 1, tzinfo=UTC)
