"""Temporal server on PostgreSQL: front end, history, matching and worker in one process."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from rso_engines import secret_file, temporal_http, versions
from rso_engines.datadir import write_private
from rso_engines.engine import Engine
from rso_engines.fetching import run_with_progress
from rso_engines.pids import Launch
from rso_engines.ports import LOOPBACK, remembered
from rso_engines.temporal_build import find_temporal
from rso_engines.temporal_config import DATABASES, DYNAMIC, DYNAMIC_FILE, HTTP, PORT_NAMES, ROLE, server_yaml

_SCHEMA_LIMIT_SECONDS = 120.0
_ENVIRONMENT = "engine"
"""The name of the configuration file, as the server asks for it."""


class Temporal(Engine):
    name: ClassVar[str] = "temporal"
    version: ClassVar[str] = versions.TEMPORAL
    port_names: ClassVar[tuple[str, ...]] = PORT_NAMES

    def provide(self) -> None:
        find_temporal(self.environ, self.say)

    def prepare(self, ports: Mapping[str, int]) -> Launch:
        folder, built = self.data.folder(self.name), find_temporal(self.environ, self.say)
        folder.mkdir(exist_ok=True)
        postgres, password = remembered(self.data)["postgres"], secret_file.load(self.data)[ROLE].password
        self.say("bringing Temporal's schema up to date")
        for database, schema in zip(DATABASES, ("temporal", "visibility"), strict=True):
            self._bring_up_to_date(built, database, schema, postgres, password)
        (folder / DYNAMIC_FILE).write_text(DYNAMIC)
        config = server_yaml(ports, postgres, password, folder / DYNAMIC_FILE)
        write_private(folder / f"{_ENVIRONMENT}.yaml", config)
        argv = (str(built / "server"), "--root", str(folder), "--config", ".", "--env", _ENVIRONMENT)
        return Launch((*argv, "--allow-no-auth", "start"), marker=str(folder), cwd=str(folder))

    def answers(self, ports: Mapping[str, int]) -> bool:
        return temporal_http.answers(ports[HTTP]) and temporal_http.is_whole(ports[HTTP])

    def settle(self, ports: Mapping[str, int]) -> None:
        temporal_http.make_namespace(ports[HTTP])

    def _bring_up_to_date(self, built: Path, database: str, schema: str, port: int, password: str) -> None:
        """Both steps find by themselves that nothing is left to do. What to connect to goes by the environment."""
        connect = {
            "SQL_PLUGIN": "postgres12",
            "SQL_HOST": LOOPBACK,
            "SQL_PORT": str(port),
            "SQL_USER": ROLE,
            "SQL_PASSWORD": password,
            "SQL_DATABASE": database,
        }
        versioned = built / "schema" / schema / "versioned"
        for step in (("setup-schema", "-v", "0.0"), ("update-schema", "-d", str(versioned))):
            argv, environ = (str(built / "sql"), *step), {**self.environment(), **connect}
            run_with_progress(argv, environ, f"{step[0]} of {database}", _SCHEMA_LIMIT_SECONDS, _quietly)


def _quietly(_: str) -> None:
    """Four steps of a few hundredths of a second each."""
