"""Which engines the cluster's watch starts again, and when."""

import pytest

from rso_cluster.engine_room import ended
from rso_engines.status import EngineStatus, Status

UP, DOWN, STARTING = "running", "stopped", "not answering"


def status(kafka: str, postgres: str, temporal: str) -> Status:
    states = {"kafka": kafka, "postgres": postgres, "temporal": temporal}
    return Status("", {name: EngineStatus(name, state, None, None, "") for name, state in states.items()}, {})


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (status(UP, UP, UP), []),
        (status(DOWN, UP, UP), ["kafka"]),
        (status(UP, UP, DOWN), ["temporal"]),
        (status(DOWN, DOWN, UP), ["postgres", "kafka"]),
        (status(DOWN, UP, DOWN), ["temporal", "kafka"]),
        (status(UP, STARTING, UP), []),
        (status(UP, DOWN, DOWN), ["postgres"]),
        (status(UP, STARTING, DOWN), []),
    ],
)
def test_what_ended_is_started_once_what_it_needs_answers(found: Status, wanted: list[str]) -> None:
    assert ended(found) == wanted
