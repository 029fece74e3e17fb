"""What a load runs against: a deployment that has an address, can be hit, brings itself back, and can be looked into."""

from collections.abc import Sequence
from typing import Protocol

from rso_cluster.audit_model import Evidence
from rso_shared.kit.auth import Issuer


class Target(Protocol):
    @property
    def name(self) -> str:
        """`cluster` or `onebox`."""
        ...

    @property
    def address(self) -> str: ...

    @property
    def issuer(self) -> Issuer: ...

    @property
    def roles(self) -> Sequence[str]:
        """What can be killed, one name per kind of process or engine."""
        ...

    def kill(self, role: str, which: int) -> bool:
        """SIGKILL to the `which`-th (modulo) process of this role; False if none runs right now. What dies comes back by itself."""
        ...

    def points(self) -> dict[str, dict[str, int]]:
        """Role -> crash point -> how often it was hit since the deployment was started, of all that are armed."""
        ...

    def evidence(self, wanted: frozenset[str]) -> Evidence:
        """What the auditor looks at, as it is now."""
        ...

    def close(self) -> None:
        """Stops what was started here, and leaves running what was running before."""
        ...
