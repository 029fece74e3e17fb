"""Which tests share a worker: those of a room with one dear running system stay together, a file's elsewhere (its fixtures are made once).

xdist's own `loadgroup` puts the group's name into the node id, which pytest 9.2 no longer lets a plugin change.
"""

import pytest
from xdist.scheduler import LoadScopeScheduling

# The rooms that take longest begin first, so that both workers end together.
ROOMS = ("tests/cluster/", "tests/e2e/", "tests/chaos/")
APART = ("tests/chaos/test_worker_points.py",)  # shares nothing but a seeded folder with the rest of its room


def room(nodeid: str) -> str:
    """The room of a dear fixture, or the test's file."""
    file = nodeid.split("::", 1)[0]
    return file if file in APART else next((each for each in ROOMS if file.startswith(each)), file)


def rank(item: pytest.Item) -> int:
    """Where a test stands in the order of the whole run: rooms, then what is apart of them, then files as they were collected."""
    order = (*ROOMS, *APART)
    mine = room(item.nodeid)
    return order.index(mine) if mine in order else len(order)


class RoomScheduling(LoadScopeScheduling):
    """One unit of work per room."""

    def _split_scope(self, nodeid: str) -> str:
        return room(nodeid)
