"""Bearer tokens and the matrix: whatever is not exactly right is refused, whatever is not written is denied."""

import base64
import json
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rso_shared.contracts.permissions import MATRIX, Reach
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.auth import LEEWAY_SECONDS, Issuer, Principal, Verifier, make_private_pem
from rso_shared.kit.errors import DomainError
from support.harness import Harness

PEM = make_private_pem()
ISSUER = Issuer(PEM, "rso-development")
VERIFIER = Verifier(ISSUER.public_pem(), "rso-development", "operator")


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    made = {
        "sub": "someone", "org": "operator", "role": "patient", "scope": "*", "iss": "rso-development", "aud": "rso",
        "iat": now, "exp": now + 60, **changed,
    }  # fmt: skip
    return {name: value for name, value in made.items() if value is not None}


def signed(**changed: Any) -> str:
    return jwt.encode(claims(**changed), ISSUER._key, algorithm="EdDSA")


def _b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def handmade(algorithm: str, secret: bytes = b"") -> str:
    """A token that the library would refuse to make: no signature, or the public key used as an HMAC secret."""
    parts = [_b64(json.dumps(part).encode()) for part in ({"alg": algorithm, "typ": "JWT"}, claims())]
    text = ".".join(parts)
    if algorithm == "none":
        return f"{text}."
    import hashlib
    import hmac

    return f"{text}.{_b64(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def test_a_good_token_says_who_calls() -> None:
    token = ISSUER.token("ada", Role.PATIENT, "operator", scope="case.read charge")
    assert VERIFIER.verify(f"Bearer {token}") == Principal(
        "ada", "operator", Role.PATIENT, frozenset({"case.read", "charge"}), of_operator=True
    )
    assert VERIFIER.verify(f"bearer {token}").subject == "ada"
    assert not VERIFIER.verify(f"Bearer {ISSUER.token('ada', Role.PATIENT, 'elsewhere')}").of_operator


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "token"])
def test_without_a_bearer_token_nobody_is_known(header: str | None) -> None:
    assert _refused(header) == ("token_missing", 401)


BAD = {
    "wrong audience": {"aud": "other"}, "no audience": {"aud": None}, "wrong issuer": {"iss": "other"},
    "no issuer": {"iss": None}, "no subject": {"sub": None}, "no organisation": {"org": None}, "no role": {"role": None},
    "unknown role": {"role": "king"}, "no scope": {"scope": None}, "no end": {"exp": None}, "no start": {"iat": None},
    "issued in the future": {"iat": int(time.time()) + 6000, "exp": int(time.time()) + 9000},
    "not valid yet": {"nbf": int(time.time()) + 6000},
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_claim_that_is_wrong_or_missing_is_refused(what: str) -> None:
    assert _refused(f"Bearer {signed(**BAD[what])}") == ("token_invalid", 401)


def test_an_expired_token_is_told_apart() -> None:
    assert _refused(f"Bearer {ISSUER.token('a', Role.PATIENT, 'o', seconds=-LEEWAY_SECONDS - 1)}") == (
        "token_expired",
        401,
    )


def test_a_token_that_was_taken_before_is_refused_once_it_has_ended() -> None:
    last = int(time.time()) - LEEWAY_SECONDS + 3
    token = f"Bearer {signed(iat=last - 60, exp=last)}"
    assert VERIFIER.verify(token) == VERIFIER.verify(token)
    time.sleep(last + LEEWAY_SECONDS - time.time())
    assert _refused(token) == ("token_expired", 401)


@pytest.mark.parametrize("apart", [timedelta(seconds=LEEWAY_SECONDS - 5), -timedelta(seconds=LEEWAY_SECONDS - 5)])
def test_a_token_from_a_machine_whose_clock_is_not_ours_is_taken(apart: timedelta) -> None:
    """A service token lives a minute: made by a clock that is behind it may have ended, by one ahead not yet begun."""
    there = int(time.time() + apart.total_seconds())
    ended = there if apart < timedelta() else there + 60
    assert VERIFIER.verify(f"Bearer {signed(iat=there, exp=ended)}").subject == "someone"


def test_no_other_algorithm_and_no_other_key_is_taken() -> None:
    public = ISSUER.public_pem()
    stranger = Issuer(make_private_pem(), "rso-development").token("a", Role.OPERATIONS, "o")
    for token in (handmade("none"), handmade("HS256", public), stranger, signed() + "x", "a.b.c"):
        assert _refused(f"Bearer {token}") == ("token_invalid", 401)


def test_only_ed25519_keys_are_loaded() -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    key = generate_private_key(SECP256R1())
    with pytest.raises(TypeError):
        Verifier(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), "i", "operator")
    with pytest.raises(TypeError):
        Issuer(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "i")


def _refused(header: str | None) -> tuple[str, int]:
    with pytest.raises(DomainError) as refusal:
        VERIFIER.verify(header)
    assert "king" not in refusal.value.detail
    return refusal.value.code, refusal.value.status


@pytest.mark.parametrize(
    ("scope", "read", "submit", "charge"),
    [
        ("*", True, True, True), ("case", True, True, False), ("case.read", True, False, False),
        ("charge case.submit", False, True, True), ("", False, False, False), ("cas", False, False, False),
    ],
)  # fmt: skip
def test_scopes_narrow_and_never_widen(scope: str, read: bool, submit: bool, charge: bool) -> None:  # noqa: FBT001
    principal = Principal("a", "o", Role.PATIENT, frozenset(scope.split()))
    for permission, allowed in (("case.read", read), ("case.submit", submit), ("charge.read", charge)):
        assert _may(principal, permission) == allowed
    assert not _may(principal, "ledger.read"), "no scope gives what the role has not"


def _may(principal: Principal, permission: str) -> bool:
    try:
        principal.reach(permission)
    except DomainError as refusal:
        return (refusal.code, refusal.status) != ("forbidden", 403)
    return True


@given(permission=st.sampled_from(sorted(MATRIX)), role=st.sampled_from(sorted(Role)), scope=st.text(max_size=12))
def test_what_the_matrix_does_not_say_is_denied(permission: str, role: Role, scope: str) -> None:
    of_operator = Principal("a", "o", role, frozenset({"*"}), of_operator=True)
    assert _may(of_operator, permission) == (role in MATRIX[permission])
    elsewhere = MATRIX[permission].get(role) not in {None, Reach.OPERATOR}
    assert _may(replace(of_operator, of_operator=False), permission) == elsewhere
    strange = Principal(
        "a", "o", role, frozenset(scope.split()) - {"*", permission, permission.split(".", maxsplit=1)[0]}
    )
    assert not _may(strange, permission)


def test_over_http_each_refusal_has_its_status_and_code(harness: Harness) -> None:
    path = "/v1/cases"
    nobody = harness.http.post(path, json={})
    assert (nobody.status_code, nobody.json()["code"]) == (401, "token_missing")
    assert nobody.headers["www-authenticate"] == "Bearer"
    wrong = harness.client(Role.FINANCE).post(path, {"name": "Ada"})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "forbidden")
    narrow = harness.client(Role.PATIENT, scope="charge").post(path, {"name": "Ada"})
    assert narrow.status_code == 403


def test_an_unknown_case_a_foreign_one_and_one_without_reach_look_the_same(harness: Harness) -> None:
    made = harness.client(Role.PATIENT, "ada").post("/v1/cases", {"name": "Ada Quill"}).json()
    mine = f"/v1/cases/{made['case_id']}"
    assert harness.client(Role.PATIENT, "ada").get(mine).status_code == 200
    assert harness.client(Role.NURSE_CARE_MANAGER, "nora").get(mine).status_code == 200
    answers = [
        harness.client(Role.PATIENT, "bea").get(mine),
        harness.client(Role.LOCAL_PROVIDER, "ada").get(mine),
        harness.client(Role.PARTNER, "ada", "elsewhere").get(mine),
        harness.client(Role.PATIENT, "ada").get("/v1/cases/unknown"),
        harness.client(Role.NURSE_CARE_MANAGER, "nora").get("/v1/cases/unknown"),
    ]
    for answer in answers:
        assert answer.status_code == 404
        assert {**answer.json(), "instance": ""} == {**answers[0].json(), "instance": ""}


def test_reaches_are_those_that_exist() -> None:
    assert {reach for row in MATRIX.values() for reach in row.values()} == set(Reach)
