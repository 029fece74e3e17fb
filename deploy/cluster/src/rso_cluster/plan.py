"""From the table of processes to the processes of this machine: names, addresses, settings. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rso_cluster.ports import LOOPBACK
from rso_cluster.topology import PROCESSES, READY_PATH, Process, Role


@dataclass(frozen=True, slots=True)
class Instance:
    """One replica. It listens on `port`, for health at least."""

    name: str
    process: Process
    port: int

    @property
    def ready_url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}{READY_PATH}"


def names(replicas: int) -> list[tuple[str, Process]]:
    return [(f"{process.name}-{number}", process) for process in PROCESSES for number in range(1, replicas + 1)]


def instances(replicas: int, ports: Mapping[str, int]) -> list[Instance]:
    return [Instance(name, process, ports[name]) for name, process in names(replicas)]


STOPPING: tuple[tuple[Role, ...], ...] = ((Role.WORKER, Role.DELIVERY), (Role.CONSUMER, Role.RELAY), (Role.API,))
"""The worker first, so that no activity starts anew; then the loops; the apis last, since the others call them."""


def stopping(everyone: list[Instance]) -> Iterator[list[Instance]]:
    for roles in STOPPING:
        yield [one for one in everyone if one.process.role in roles]
