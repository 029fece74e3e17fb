"""One line each for the engines that the suites could not be run on here."""

import os

import pytest


@pytest.mark.parametrize(
    ("name", "engine"),
    [("RSO_TEST_POSTGRES", "store suite on PostgreSQL"), ("RSO_TEST_KAFKA", "broker suite on Kafka")],
)
def test_the_suites_ran_on_every_engine(name: str, engine: str) -> None:
    """The tests themselves are parametrised in conftest.py; this one only says which engine was missing."""
    if name not in os.environ:
        pytest.skip(f"{engine}: {name} is not set")
