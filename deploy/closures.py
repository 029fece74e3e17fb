# ruff: noqa: INP001 - a script, no package
"""Runs the steps of the Dockerfile without Docker: each service alone in a bare environment, and proof that it starts there.

    python deploy/closures.py [service…]       services are folders of services/; without any, all of them

For each: the wheels are built, the dependencies installed by their hashes, the wheels on top (deploy/install.sh, as the
Dockerfile does). Then `--help` and `migrate` run, `api` answers /livez, nothing but its own folder is written, and what
belongs to other services cannot be imported. Only the standard library; uv is taken from UV, the PATH or .venv-uv.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
INSTALL = "deploy/install.sh"
OWNERS = {"temporalio": "coordinator", "nicegui": "operations", "pydicom": "records-compiler"}
"""Libraries that one service alone may carry."""
TOOLS = ("pip", "uv", "hatchling", "pytest")
"""Tools that no image needs to run."""
AT_ONCE = 2
PATIENCE_SECONDS = 60
FINDER = "import importlib.util, sys; print(*[n for n in sys.argv[1:] if importlib.util.find_spec(n)])"

ISSUER = "from rso_shared.kit.auth import Issuer, make_private_pem as m; print(Issuer(m(), 'x').public_pem().decode())"


class ClosureError(Exception):
    """A step failed. The text holds what it said."""


def services() -> list[str]:
    return sorted(folder.parent.name for folder in (ROOT / "services").glob("*/pyproject.toml"))


def package(service: str) -> str:
    return f"rso_{service.replace('-', '_')}"


def uv() -> str:
    own = ROOT / ".venv-uv" / "bin" / "uv"
    found = os.environ.get("UV") or shutil.which("uv") or (str(own) if own.exists() else None)
    if found is None:
        raise ClosureError("there is no uv: put it on the PATH, name it by UV, or run `make install`")
    return found


def run(argv: Sequence[str], *, env: dict[str, str], cwd: Path = ROOT) -> str:
    done = subprocess.run(argv, cwd=cwd, env=env, text=True, capture_output=True, timeout=600, check=False)
    if done.returncode:
        raise ClosureError(f"{' '.join(argv)}\n{done.stdout}{done.stderr}")
    return done.stdout


def plain(**more: str) -> dict[str, str]:
    """The environment as it is, without settings of a deployment that happens to be configured here."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("RSO_", "PYTHON"))}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", **more}


def check_members(service: str) -> None:
    """What the Dockerfile copies is what uv says the service is made of."""
    argv = [uv(), "export", "-q", "--package", f"rso-{service}", "--no-dev", "--no-hashes", "--no-header"]
    listed = run([*argv, "--no-annotate"], env=plain())
    found = {line.removeprefix("-e ") for line in listed.splitlines() if line.startswith(("-e ", "./"))}
    if found != {"./shared", f"./services/{service}"}:
        raise ClosureError(f"{service} is made of {', '.join(sorted(found))}; the Dockerfile copies shared and itself")


def install(service: str, folder: Path) -> Path:
    """The four steps of the Dockerfile. Returns the environment's python."""
    env = plain(UV=uv(), PYTHON=sys.executable)
    venv, wheels = str(folder / "venv"), str(folder / "wheels")
    for step in (
        ("environment", venv),
        ("dependencies", venv, service),
        ("wheels", wheels, service),
        ("service", venv, wheels),
    ):
        run(["sh", INSTALL, *step], env=env)
    return folder / "venv" / "bin" / "python"


def check_imports(service: str, python: Path) -> None:
    foreign = [package(other) for other in services() if other != service]
    foreign += ["rso_onebox", "rso_cluster", "rso_engines", *TOOLS]
    foreign += [library for library, owner in OWNERS.items() if owner != service]
    found = run([str(python), "-I", "-c", FINDER, *foreign], env=plain()).split()
    if found:
        raise ClosureError(f"{service} can import what is not its own: {', '.join(found)}")


def image_folder(folder: Path) -> Path:
    """/app of the image: the defaults that services read while they run."""
    app = folder / "app"
    shutil.copytree(ROOT / "defaults" / "templates", app / "defaults" / "templates")
    shutil.copy(ROOT / "defaults" / "conditions.csv", app / "defaults" / "conditions.csv")
    return app


def settings(service: str, folder: Path, port: int, public_key: str) -> dict[str, str]:
    """On SQLite, with the secrets in files."""
    short = service.partition("-")[0]
    data, secrets = folder / "data", folder / "secrets"
    for made in (data, secrets):
        made.mkdir()
    (secrets / f"rso_{short}_master_key").write_text("07" * 32)
    (secrets / f"rso_{short}_database_url").write_text(f"sqlite:///{data}/store.db")
    (secrets / f"rso_{short}_issuer_public_key").write_text(public_key)
    given = {
        "KEYS_URL": f"sqlite:///{data}/keys.db",
        "ACCESS_LOG_URL": f"sqlite:///{data}/access.db",
        "BLOBS_URL": f"file://{data}/blobs",
        "LEDGER_URL": f"file://{data}/ledger",
        "BROKER_URL": f"sqlite:///{data}/broker.db",
        "MAIL_FOLDER": f"{data}/mail",
        "PORT": str(port),
    }
    named = {f"RSO_{short.upper()}_{name}": value for name, value in given.items()}
    return plain(RSO_SECRETS_DIR=str(secrets), NICEGUI_STORAGE_PATH=f"{data}/nicegui", **named)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def check_runs(service: str, python: Path, folder: Path) -> None:
    app, port = image_folder(folder), free_port()
    env = settings(service, folder, port, run([str(python), "-c", ISSUER], env=plain()))
    argv = [str(python), "-m", package(service)]
    before = listing(folder)
    run([*argv, "--help"], env=env, cwd=app)
    if not run([*argv, "migrate"], env=env, cwd=app).strip().endswith("migrated"):
        raise ClosureError(f"{service}: migrate did not say that it migrated")
    log = folder / "data" / "api.log"
    with log.open("w") as told:
        serving = subprocess.Popen([*argv, "api"], cwd=app, env=env, stdout=told, stderr=subprocess.STDOUT)
        try:
            answered = wait_for(port, serving)
        finally:
            serving.terminate()
            serving.wait(30)
    if not answered:
        raise ClosureError(f"{service}: the api did not answer /livez\n{log.read_text()}")
    written = listing(folder) - before
    if written:
        raise ClosureError(f"{service} wrote outside of its data: {', '.join(sorted(written)[:5])}")


def listing(folder: Path) -> set[str]:
    """Every file that would stand on the image's read-only file system."""
    return {str(path) for part in ("venv", "app") for path in (folder / part).rglob("*")}


def wait_for(port: int, serving: "subprocess.Popen[bytes]") -> bool:
    """Asks as the image's own health check does."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and serving.poll() is None:
        asked = subprocess.run([sys.executable, str(ROOT / "deploy" / "livez.py"), str(port)], check=False)
        if asked.returncode == 0:
            return True
        time.sleep(0.1)
    return False


def close(service: str) -> str:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=f"rso-{service}-") as name:
        folder = Path(name).resolve()
        check_members(service)
        python = install(service, folder)
        check_imports(service, python)
        check_runs(service, python, folder)
    return f"{service}: ok in {time.monotonic() - started:.1f} s"


def main(argv: Sequence[str]) -> int:
    unknown = set(argv) - set(services())
    if unknown:
        print(f"no such service: {', '.join(sorted(unknown))}; there are {', '.join(services())}", file=sys.stderr)
        return 2
    faults = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for service, future in [(one, pool.submit(close, one)) for one in argv or services()]:
            try:
                print(future.result(), flush=True)
            except (ClosureError, subprocess.SubprocessError, OSError) as fault:
                faults += 1
                print(f"{service}: {fault}", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
