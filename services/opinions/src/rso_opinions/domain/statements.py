"""What a specialist declares by signing. Versions are never edited: a changed text is a new version."""

from rso_shared.kit.errors import invalid

RELATION = "assigned_specialist"

CURRENT_STATEMENT = "2026-01"

STATEMENTS = {
    "2026-01": (
        "I reviewed the records named in this report and wrote this opinion myself. It is advisory: I did not examine the "
        "patient, I gave no order and no prescription, and care stays with the treating clinicians. I have no conflict of "
        "interest in this case."
    ),
}


def require_current(statement_version: str) -> None:
    """Raises DomainError 422 `statement_not_current`: only the text in force can be signed."""
    if statement_version != CURRENT_STATEMENT:
        raise invalid(
            "statement_not_current",
            "This is not the version of the signing statement in force; read the current one, then sign it.",
            "/statement_version",
            current=CURRENT_STATEMENT,
        )
