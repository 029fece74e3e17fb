"""One room for every file of tests here."""

import pytest

from opinions.room import Room


@pytest.fixture
def room(tmp_path):
    made = Room(tmp_path)
    yield made
    made.harness.close()
