"""One line each for the engines that the suites could not be run on here, and why."""

import os

import pytest


@pytest.mark.parametrize(
    ("engine", "suite"),
    [("postgres", "store suite on PostgreSQL"), ("kafka", "broker suite on Kafka"), ("temporal", "Temporal server")],
)
def test_the_suites_ran_on_every_engine(engine: str, suite: str) -> None:
    """The tests themselves are parametrised in conftest.py; this one only says which engine was missing."""
    name = f"RSO_TEST_{engine.upper()}"
    if name not in os.environ:
        why = os.environ.get(
            f"{name}_MISSING", f"{name} is not set; `make test` starts the engines unless RSO_ENGINES=0"
        )
        pytest.skip(f"{suite}: {why}")
