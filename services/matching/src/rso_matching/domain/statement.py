"""The conflict-of-interest statement a specialist answers for every case, under a version that the answer carries."""

from rso_shared.kit.errors import DomainError

VERSION = "2026-11-01"
TEXT = (
    "Attest whether you, your family or your practice have an interest in this case: care of the patient, ties to a "
    "facility or clinician treating the patient, to the payer or sponsor, or to the maker of a treatment in question; "
    "pay that depends on the outcome; or any earlier part in this case. Answer `conflict: true` if any of these holds, "
    "or if you cannot rule it out."
)


def require_current(version: str) -> None:
    if version != VERSION:
        raise DomainError(
            "statement_superseded", "The statement has another version now; read the offer again.", current=VERSION
        )
