"""PostgreSQL on loopback, with a role and a pair of databases for each name."""

import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from rso_engines import pids, secret_file
from rso_engines.datadir import write_private
from rso_engines.engine import Engine
from rso_engines.errors import EngineError
from rso_engines.fetching import last_lines, run_with_progress
from rso_engines.pids import Launch
from rso_engines.ports import LOOPBACK
from rso_engines.postgres_config import CLOSE_COMMON_SQL, SUPERUSER, database_sql, postgresql_conf, role_sql
from rso_engines.postgres_install import find_postgres
from rso_engines.secret_file import Role
from rso_engines.users import refuse_closed, unprivileged

_INIT_LIMIT_SECONDS = 120.0
_ASK_LIMIT_SECONDS = 60


class Postgres(Engine):
    name: ClassVar[str] = "postgres"
    version: ClassVar[str] = "Debian"
    port_names: ClassVar[tuple[str, ...]] = ("postgres",)
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT
    """A fast shutdown: SIGTERM would wait until every client has left."""

    def provide(self) -> None:
        self._programs()

    def prepare(self, ports: Mapping[str, int]) -> Launch:
        programs, owner, cluster = self._programs(), unprivileged(), self._cluster
        cluster.parent.mkdir(exist_ok=True)
        if owner:
            owner.take(cluster.parent)
        refuse_closed(cluster.parent, owner)
        if not (cluster / "PG_VERSION").exists():
            self._initialise(programs)
        (cluster / "postgresql.conf").write_text(postgresql_conf(ports["postgres"]))
        _drop_stale_lock(cluster)
        return Launch((str(programs / "postgres"), "-D", str(cluster)), str(cluster), str(cluster), owner)

    def answers(self, ports: Mapping[str, int]) -> bool:
        argv = (self._programs() / "pg_isready", "-q", "-h", LOOPBACK, "-p", str(ports["postgres"]), "-t", "3")
        return subprocess.run(argv, env=self.environment(), check=False, capture_output=True).returncode == 0

    def settle(self, ports: Mapping[str, int]) -> None:
        """Every role and database that the secrets file names, made where missing."""
        roles = secret_file.load(self.data)
        statements = [CLOSE_COMMON_SQL]
        for name, role in roles.items():
            if name != SUPERUSER:
                statements.append(role_sql(name, role.password))
                statements += [database_sql(each, name) for each in role.databases]
        self.run_sql("".join(statements), ports["postgres"], roles[SUPERUSER])

    def run_sql(self, statements: str, port: int, superuser: Role) -> None:
        """By standard input: arguments can be read by everyone on the machine, and these hold passwords."""
        argv = (
            *(self._programs() / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"),
            *("-h", LOOPBACK, "-p", str(port), "-U", SUPERUSER, "-d", SUPERUSER),
        )
        asked = subprocess.run(
            argv, input=statements, env={**self.environment(), "PGPASSWORD": superuser.password},
            capture_output=True, text=True, check=False, timeout=_ASK_LIMIT_SECONDS,
        )  # fmt: skip
        if asked.returncode != 0:
            raise EngineError(f"PostgreSQL refused to make roles and databases:\n{last_lines(asked.stderr)}")

    @property
    def _cluster(self) -> Path:
        return self.data.folder(self.name) / "data"

    def _programs(self) -> Path:
        written = self._cluster / "PG_VERSION"
        version = int(written.read_text()) if written.exists() else None
        return find_postgres(self.environ, self.say, version, install=self.install)

    def _initialise(self, programs: Path) -> None:
        """In a folder beside it, moved when it is whole: an interrupted first start leaves nothing half-made."""
        owner, superuser = unprivileged(), secret_file.ensure(self.data, {SUPERUSER: []})[SUPERUSER]
        with tempfile.TemporaryDirectory(prefix=".init-", dir=self._cluster.parent) as folder:
            made, password = Path(folder) / "data", Path(folder) / "password"
            write_private(password, superuser.password)
            if owner:
                owner.take(Path(folder))
                owner.take(password)
            argv = (
                *(str(programs / "initdb"), "-D", str(made), "-U", SUPERUSER, "--pwfile", str(password)),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums"),
            )
            run_with_progress(
                argv,
                self.environment(),
                "making PostgreSQL's folder",
                _INIT_LIMIT_SECONDS,
                self.say,
                Path(folder),
                owner,
            )
            made.rename(self._cluster)


def _drop_stale_lock(cluster: Path) -> None:
    """After a SIGKILL its pid may belong to another PostgreSQL of the same user; the server would then refuse to start."""
    lock = cluster / "postmaster.pid"
    written = lock.read_text().split("\n", 1)[0] if lock.exists() else ""
    if written.isdigit() and str(cluster) not in pids.arguments(int(written)):
        lock.unlink()
