"""Bearer tokens: EdDSA JWTs with subject, organisation, role and scopes. Verified with explicit algorithm, audience and issuer."""

import time
from dataclasses import dataclass
from functools import lru_cache

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from rso_shared.contracts.permissions import MATRIX, Reach
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.errors import DomainError, forbidden

ALGORITHM = "EdDSA"
AUDIENCE = "rso"
EVERYTHING = "*"
LEEWAY_SECONDS = 30
"""How far the clocks of two machines may be apart before the tokens of one are refused by the other."""
KEPT_TOKENS = 1_000
"""A caller shows the same token for as long as it lasts; checking a signature costs more than everything else of it."""
_REQUIRED = ["sub", "org", "role", "scope", "iss", "aud", "exp", "iat"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls. `scopes` narrow what the role may do: "*", "case" (every case.* permission) or one permission."""

    subject: str
    organisation_id: str
    role: Role
    scopes: frozenset[str]
    of_operator: bool = False
    """Of the organisation that runs the deployment."""

    def in_scope(self, permission: str) -> bool:
        return bool(self.scopes & {EVERYTHING, permission, permission.split(".", maxsplit=1)[0]})

    def may(self, permission: str) -> bool:
        """For a part of an answer that not every reader of the rest may see."""
        return self._reach(permission) is not None

    def reach(self, permission: str) -> Reach:
        """How far the caller's sight goes for this permission; raises 403 if the matrix has no such row."""
        reach = self._reach(permission)
        if reach is None:
            raise forbidden("forbidden", f"The role {self.role} may not do this ({permission}).", permission=permission)
        return reach

    def _reach(self, permission: str) -> Reach | None:
        """ANY, ORGANISATION or PARTY; None if it may not be done. An administrator's depends on whose it is."""
        reach = MATRIX[permission].get(self.role) if self.in_scope(permission) else None
        match reach:
            case Reach.OPERATOR:
                return Reach.ANY if self.of_operator else None
            case Reach.ADMINISTERED:
                return Reach.ANY if self.of_operator else Reach.ORGANISATION
        return reach


class Verifier:
    def __init__(self, public_pem: bytes, issuer: str, operator: str) -> None:
        key = load_pem_public_key(public_pem)
        if not isinstance(key, Ed25519PublicKey):
            raise TypeError("the issuer's key must be Ed25519")
        self._key, self._issuer, self._operator = key, issuer, operator
        self._known = lru_cache(KEPT_TOKENS)(self._decoded)

    def verify(self, authorization: str | None) -> Principal:
        return self._shown(authorization)[0]

    def expires(self, authorization: str | None) -> float:
        """From when on the token that is shown is refused, in seconds of real time. Raises as `verify` does."""
        return self._shown(authorization)[1] + LEEWAY_SECONDS

    def _shown(self, authorization: str | None) -> tuple[Principal, float]:
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _unauthorized("token_missing", "Send an Authorization header with a bearer token.")
        try:
            principal, expires = self._known(token)
        except jwt.ExpiredSignatureError as problem:
            raise _expired() from problem
        except (jwt.InvalidTokenError, ValueError) as problem:
            raise _unauthorized("token_invalid", "The bearer token is not valid here.") from problem
        if expires <= time.time() - LEEWAY_SECONDS:
            raise _expired()
        return principal, expires

    def _decoded(self, token: str) -> tuple[Principal, float]:
        """Who calls, and until when. Remembered, for it never becomes untrue: only the end has to be looked at each time."""
        claims = jwt.decode(
            token,
            self._key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=self._issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": _REQUIRED},
        )
        scopes, organisation = frozenset(str(claims["scope"]).split()), claims["org"]
        principal = Principal(
            claims["sub"], organisation, Role(claims["role"]), scopes, of_operator=organisation == self._operator
        )
        return principal, float(claims["exp"])


def _expired() -> DomainError:
    return _unauthorized("token_expired", "The bearer token has expired; get a new one.")


def _unauthorized(code: str, detail: str) -> DomainError:
    return DomainError(code, detail, status=401)


class Issuer:
    """The development issuer: signs tokens for named roles. An outside OIDC issuer takes its place by settings."""

    def __init__(self, private_pem: bytes, issuer: str) -> None:
        key = load_pem_private_key(private_pem, None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError("the issuer's key must be Ed25519")
        self._key, self._issuer = key, issuer

    def token(
        self, subject: str, role: Role, organisation_id: str, *, scope: str = EVERYTHING, seconds: int = 3600,
        token_id: str | None = None,
    ) -> str:  # fmt: skip
        """Without `token_id` two of the same second are the same."""
        now = int(time.time())
        claims = {
            "sub": subject, "org": organisation_id, "role": role.value, "scope": scope,
            "iss": self._issuer, "aud": AUDIENCE, "iat": now, "exp": now + seconds,
            **({"jti": token_id} if token_id else {}),
        }  # fmt: skip
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)

    def public_pem(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def make_private_pem() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
