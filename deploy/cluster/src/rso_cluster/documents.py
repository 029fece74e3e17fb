"""Files of `deploy/` that follow from the table of processes. `python -m rso_cluster.documents` writes them, `--check` compares."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rso_cluster import kubernetes
from rso_cluster.compose import compose
from rso_cluster.containers import DEPLOY
from rso_cluster.front_config import front_files
from rso_cluster.kubernetes_names import FRONT_DOMAIN

OWN_FOLDERS = ("compose/front", "kubernetes")
"""Folders that hold generated files and nothing else."""


def documents() -> Mapping[str, str]:
    """Path below deploy/ to text."""
    manifests = kubernetes.files(front_files(FRONT_DOMAIN))
    return {
        "compose.yaml": compose(),
        **{f"compose/front/{name}": text for name, text in front_files("").items()},
        **{f"kubernetes/{name}": text for name, text in manifests.items()},
    }


def stale(folder: Path = DEPLOY) -> list[str]:
    """What is not as the table says now, and what stands among the generated files without being one."""
    made = documents()
    standing = {str(one.relative_to(folder)) for own in OWN_FOLDERS for one in (folder / own).glob("*")}
    changed = [name for name, text in made.items() if _read(folder / name) != text.encode()]
    return sorted({*changed, *(standing - set(made))})


def _read(file: Path) -> bytes | None:
    return file.read_bytes() if file.exists() else None


def main(argv: Sequence[str]) -> int:
    if list(argv) == ["--check"]:
        names = stale()
        for name in names:
            print(f"deploy/{name} is not what the table says now; run: .venv/bin/python -m rso_cluster.documents")
        return 1 if names else 0
    if argv:
        print("usage: python -m rso_cluster.documents [--check]", file=sys.stderr)
        return 2
    for name, text in documents().items():
        file = DEPLOY / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        print(f"deploy/{name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
