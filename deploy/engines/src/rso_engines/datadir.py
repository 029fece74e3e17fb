"""The data folder: which file stands where, and what is remembered in it between two commands."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class DataDir:
    root: Path

    @classmethod
    def at(cls, path: Path | str) -> "DataDir":
        return cls(Path(path).resolve())

    def folder(self, engine: str) -> Path:
        return self.root / engine

    def log(self, engine: str) -> Path:
        return self.root / "log" / f"{engine}.log"

    def pid_file(self, engine: str) -> Path:
        return self.root / "run" / f"{engine}.json"

    @property
    def ports_file(self) -> Path:
        return self.root / "ports.json"

    @property
    def secrets_file(self) -> Path:
        return self.root / "secrets.json"

    def make(self) -> None:
        for folder in (self.root, self.root / "log", self.root / "run"):
            folder.mkdir(parents=True, exist_ok=True)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Two commands on one folder wait for each other: the second finds what the first has started."""
        self.make()
        with (self.root / "run" / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def read_json(path: Path) -> dict[str, Any]:
    """Empty where there is no file."""
    with contextlib.suppress(FileNotFoundError):
        return dict(json.loads(path.read_text()))
    return {}


def write_private(path: Path, text: str) -> None:
    """Whole or not at all, readable by its owner only."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    beside.replace(path)


def write_json(path: Path, value: dict[str, Any]) -> None:
    write_private(path, json.dumps(value, indent=2, sort_keys=True) + "\n")
