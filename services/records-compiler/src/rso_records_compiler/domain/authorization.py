"""The patient's permission to disclose, as intake says it stands. Without one in force no request goes out and no document opens."""

from dataclasses import dataclass
from datetime import date

from rso_shared.kit.errors import DomainError


@dataclass(frozen=True, slots=True)
class Authorization:
    """`expires_on` is the last day on which it holds."""

    authorization_id: str
    expires_on: date
    revoked: bool = False


def require_in_force(authorization: Authorization | None, today: date) -> str:
    """The id of the authorization that the act rests on. Raises `authorization_missing|revoked|expired` (409)."""
    if authorization is None:
        raise DomainError("authorization_missing", "The patient has signed no authorization yet.")
    if authorization.revoked:
        raise DomainError("authorization_revoked", "The patient has revoked the authorization; ask for a new one.")
    if today > authorization.expires_on:
        raise DomainError(
            "authorization_expired",
            "The authorization has expired; ask the patient for a new one.",
            expires_on=authorization.expires_on.isoformat(),
        )
    return authorization.authorization_id


def best(authorizations: list[Authorization]) -> Authorization | None:
    """Of several, one that is not revoked and holds longest; else the last one, so that the refusal says why."""
    standing = [item for item in authorizations if not item.revoked]
    return max(standing, key=lambda item: item.expires_on, default=authorizations[-1] if authorizations else None)
