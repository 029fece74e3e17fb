"""Codes in words: once as a clinician says it, once as it is said to a patient."""

from datetime import date, datetime

from rso_shared.contracts.vocabulary import Effect, RecordKind

CLINICAL = {
    Effect.CONFIRMED: "Confirmed",
    Effect.CLARIFIED: "Clarified",
    Effect.CHANGED: "Changed",
    Effect.UNDETERMINED: "Undetermined",
}

PLAIN_DIAGNOSIS = {
    Effect.CONFIRMED: "The specialist agrees with your diagnosis.",
    Effect.CLARIFIED: "The specialist agrees with your diagnosis and makes it more precise.",
    Effect.CHANGED: "The specialist sees your diagnosis differently.",
    Effect.UNDETERMINED: "The records are not enough to be sure about the diagnosis.",
}

PLAIN_TREATMENT = {
    Effect.CONFIRMED: "The specialist agrees with the treatment plan.",
    Effect.CLARIFIED: "The specialist agrees with the treatment plan and adds detail to it.",
    Effect.CHANGED: "The specialist suggests a different treatment plan.",
    Effect.UNDETERMINED: "The records are not enough to advise on treatment yet.",
}

KINDS = {
    RecordKind.CLINICAL_NOTE: "Clinical note",
    RecordKind.IMAGING_STUDY: "Imaging study",
    RecordKind.IMAGING_REPORT: "Imaging report",
    RecordKind.PATHOLOGY_SLIDE: "Pathology slide",
    RecordKind.PATHOLOGY_BLOCK: "Pathology block",
    RecordKind.PATHOLOGY_REPORT: "Pathology report",
    RecordKind.LAB: "Laboratory results",
    RecordKind.GENOMIC: "Genomic report",
    RecordKind.OPERATIVE_NOTE: "Operative note",
    RecordKind.MEDICATION_LIST: "Medication list",
    RecordKind.OTHER: "Other record",
}

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def day(value: date | datetime) -> str:
    """March 3, 2026."""
    return f"{_MONTHS[value.month - 1]} {value.day}, {value.year}"


def month(value: str | None) -> str:
    """`2026-03` as March 2026; an unknown month as "date not stated"."""
    if value is None:
        return "date not stated"
    year, _, number = value.partition("-")
    return f"{_MONTHS[int(number) - 1]} {year}"


def instant(value: datetime) -> str:
    """March 3, 2026, 14:05 UTC."""
    return f"{day(value)}, {value:%H:%M} UTC"
