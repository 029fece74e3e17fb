"""Random passwords, one per role, in one file that only its owner can read; and which role has which databases."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from rso_engines.datadir import DataDir, read_json, write_json


@dataclass(slots=True)
class Role:
    password: str = field(default_factory=lambda: secrets.token_hex(24))
    databases: list[str] = field(default_factory=list)


def load(data: DataDir) -> dict[str, Role]:
    return {name: Role(**value) for name, value in read_json(data.secrets_file).items()}


def ensure(data: DataDir, wanted: Mapping[str, Sequence[str]]) -> dict[str, Role]:
    """The roles of last time and these; nothing is ever taken away."""
    roles = load(data)
    for name, databases in wanted.items():
        role = roles.setdefault(name, Role())
        role.databases += [each for each in databases if each not in role.databases]
    write_json(data.secrets_file, {name: asdict(role) for name, role in roles.items()})
    return roles


def of_services(names: Sequence[str]) -> dict[str, list[str]]:
    """A role for each name, with a database of that name and one for its keys."""
    return {name: [name, f"{name}_keys"] for name in names}
