"""`python -m rso_cluster.secret_files FOLDER`: every secret that compose.yaml names, freshly made. Never touches one that exists.

The databases' urls name the host `postgres` of compose.yaml; `--postgres HOST` another one.
"""

import argparse
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rso_cluster.compose_engines import SECRETS
from rso_cluster.containers import POSTGRES_PORT, secret_name
from rso_shared.kit.auth import Issuer, make_private_pem
from rso_shared.kit.names import SERVICES, ServiceName

ISSUER = "rso-development"


def made(host: str) -> Mapping[str, str]:
    """File name to content."""
    passwords = {name: secrets.token_urlsafe(24) for name in SECRETS}
    pem = make_private_pem()
    issuer = {"issuer_key": pem.decode(), "issuer_public_key": Issuer(pem, ISSUER).public_pem().decode()}
    own = {name: text for one in SERVICES for name, text in _own(one, passwords[f"{one.database}_password"], host)}
    return {**passwords, **issuer, **own}


def _own(service: ServiceName, password: str, host: str) -> Iterator[tuple[str, str]]:
    url = f"postgresql+psycopg://{service.database}:{password}@{host}:{POSTGRES_PORT}/{service.database}"
    yield secret_name(service, "database_url"), url
    yield secret_name(service, "keys_url"), f"{url}_keys"
    yield secret_name(service, "access_log_url"), url
    yield secret_name(service, "master_key"), secrets.token_hex(32)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="rso_cluster.secret_files", description="Makes the secrets of a deployment.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--postgres", default="postgres", metavar="HOST")
    told = parser.parse_args(argv)
    folder: Path = told.folder
    if folder.exists() and any(folder.iterdir()):
        print(f"{folder} is not empty. What was sealed with these keys opens with no others: nothing was changed.")
        return 1
    # The folder is closed to others. Its files are not: each is shown alone to containers, whose user is another one.
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, text in made(told.postgres).items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)
    print(
        f"{len(list(folder.iterdir()))} files in {folder}; keep a copy of the master keys and of the issuer's key elsewhere"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
