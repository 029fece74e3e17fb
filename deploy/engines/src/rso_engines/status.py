"""What there is to know about the engines on a data folder: for people in a few lines, for programs as JSON."""

from dataclasses import dataclass
from typing import Any

from rso_engines.ports import LOOPBACK
from rso_engines.postgres_config import SUPERUSER
from rso_engines.secret_file import Role


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """`port` is None before the first start. `state` is `running`, `not answering` or `stopped`."""

    name: str
    state: str
    pid: int | None
    port: int | None
    log: str

    @property
    def address(self) -> str | None:
        return f"{LOOPBACK}:{self.port}" if self.port else None


@dataclass(frozen=True, slots=True)
class Status:
    data: str
    engines: dict[str, EngineStatus]
    roles: dict[str, Role]

    @property
    def kafka(self) -> str | None:
        return self._address("kafka")

    @property
    def temporal(self) -> str | None:
        return self._address("temporal")

    @property
    def postgres(self) -> dict[str, Any] | None:
        """Where to connect and as whom. `roles` names each role's password and the urls of its databases."""
        port = self.engines["postgres"].port
        if port is None or SUPERUSER not in self.roles:
            return None
        own = {name: role for name, role in self.roles.items() if name != SUPERUSER}
        return {
            "host": LOOPBACK,
            "port": port,
            "superuser": SUPERUSER,
            "password": self.roles[SUPERUSER].password,
            "url": _url(SUPERUSER, self.roles[SUPERUSER], port, SUPERUSER),
            "roles": {
                name: {
                    "password": role.password,
                    "databases": {each: _url(name, role, port, each) for each in role.databases},
                }
                for name, role in own.items()
            },
        }

    def _address(self, name: str) -> str | None:
        return self.engines[name].address if name in self.engines else None

    def running(self) -> list[str]:
        return [name for name, engine in self.engines.items() if engine.state == "running"]

    def as_json(self) -> dict[str, Any]:
        return {
            "data": self.data,
            "kafka": self.kafka,
            "postgres": self.postgres,
            "temporal": self.temporal,
            "engines": {
                name: {"state": each.state, "pid": each.pid, "address": each.address, "log": each.log}
                for name, each in self.engines.items()
            },
        }

    def as_lines(self) -> list[str]:
        lines = [f"data folder {self.data}"]
        for each in self.engines.values():
            where = f" on {each.address}" if each.address else ""
            pid = f", pid {each.pid}" if each.pid else ""
            lines.append(f"{each.name:<9} {each.state}{where}{pid}")
        return lines


def _url(name: str, role: Role, port: int, database: str) -> str:
    return f"postgresql://{name}:{role.password}@{LOOPBACK}:{port}/{database}"
