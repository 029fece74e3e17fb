"""To whom an opinion goes next, by the program's release policy, and who may read it then."""

from collections.abc import Collection

from rso_shared.contracts.vocabulary import ReleasePolicy, Role
from rso_shared.kit.errors import DomainError

READS_AS = {
    Role.PATIENT: Role.PATIENT,
    Role.LEGAL_REPRESENTATIVE: Role.PATIENT,
    Role.LOCAL_PROVIDER: Role.LOCAL_PROVIDER,
}
"""A recipient reads under the release to this role."""


def next_recipients(policy: ReleasePolicy, *, provider_joined: bool, released_to: Collection[Role]) -> tuple[Role, ...]:
    """Who receives the opinion now, in a fixed order; empty when everyone whom the policy means has it.

    `provider_first` takes two calls: the local provider, then the patient; without a local provider the patient gets it
    directly. Raises DomainError 409 `local_provider_missing` under `provider_only` when nobody could receive it.
    """
    if policy is ReleasePolicy.PROVIDER_ONLY and not provider_joined:
        raise DomainError(
            "local_provider_missing",
            "The program releases to the local provider only, and none has joined this case; let one join, then release.",
        )
    provider = (Role.LOCAL_PROVIDER,) if provider_joined and policy is not ReleasePolicy.PATIENT_ONLY else ()
    patient = () if policy is ReleasePolicy.PROVIDER_ONLY else (Role.PATIENT,)
    due = tuple(role for role in (*provider, *patient) if role not in released_to)
    return due[:1] if policy is ReleasePolicy.PROVIDER_FIRST else due


def may_read(role: Role, policy: ReleasePolicy | None, released_to: Collection[Role]) -> bool:
    """Whether a released opinion is open to this role. Staff and the signer read whatever has been released to anyone.

    A partner organisation stands on the provider's side: it reads with the local provider, and with the patient unless the
    program keeps the opinion for the patient alone.
    """
    if role in READS_AS:
        return READS_AS[role] in released_to
    if role is Role.PARTNER and policy is ReleasePolicy.PATIENT_ONLY:
        return False
    return bool(released_to)
