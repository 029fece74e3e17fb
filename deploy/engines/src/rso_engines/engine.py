"""What every engine has: the same few steps, so that starting, watching and stopping is written once."""

import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from rso_engines.datadir import DataDir
from rso_engines.fetching import Say
from rso_engines.pids import Launch
from rso_engines.ports import LOOPBACK

_PASSED_ON = ("PATH", "HOME", "JAVA_HOME", "TMPDIR", "SSL_CERT_FILE")


class Engine(ABC):
    """`ports` are all loopback ports it listens on, by name; the one under its own name is what clients use."""

    name: ClassVar[str]
    version: ClassVar[str]
    port_names: ClassVar[tuple[str, ...]]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    ready_limit_seconds: ClassVar[float] = 120.0

    def __init__(self, data: DataDir, environ: Mapping[str, str], say: Say, *, install: bool) -> None:
        self.data = data
        self.install = install
        self.environ = environ
        self.say = say

    @abstractmethod
    def provide(self) -> None:
        """Fetches, builds or installs what is missing. Raises MissingError naming what it cannot get."""

    @abstractmethod
    def prepare(self, ports: Mapping[str, int]) -> Launch:
        """Makes the folder on first use, writes the configuration, and says what to start."""

    @abstractmethod
    def answers(self, ports: Mapping[str, int]) -> bool:
        """Whether it serves a real request now."""

    def settle(self, ports: Mapping[str, int]) -> None:  # noqa: B027 - not every engine has something to add
        """What has to be there before the first client comes. Runs at every `up`, so it repeats nothing already done."""

    def environment(self) -> dict[str, str]:
        """Nothing of ours and no secret of the caller's goes into a server's environment."""
        passed = {name: self.environ[name] for name in _PASSED_ON if name in self.environ}
        return {"PATH": os.defpath, **passed, "LANG": "C.UTF-8", "TZ": "UTC"}

    @staticmethod
    def address(port: int) -> str:
        return f"{LOOPBACK}:{port}"
