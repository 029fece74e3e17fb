"""Connections of each endpoint: its own, kept while it is spoken to, closed when it has been quiet."""

import asyncio

from rso_subscriptions.delivery.clients import KEPT_SECONDS, Clients
from rso_subscriptions.delivery.guard import Guard, look_up


def test_each_endpoint_has_its_own_and_a_quiet_one_is_closed():
    now = [0.0]
    clients = Clients(Guard(), look_up, lambda: now[0])
    quiet, busy = clients.of("quiet"), clients.of("busy")
    assert quiet is not busy
    now[0] = KEPT_SECONDS
    assert clients.of("busy") is busy
    asyncio.run(clients.tidy())
    assert not quiet.is_closed, "no later than it must"
    now[0] += 1
    asyncio.run(clients.tidy())
    assert (quiet.is_closed, busy.is_closed) == (True, False)
    assert clients.of("quiet") is not quiet
    asyncio.run(clients.aclose())
    assert busy.is_closed
