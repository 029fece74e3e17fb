"""The example receiver and what it must not take: wrong signatures, old ones, other bodies, too much."""

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from rso_subscriptions.delivery import sending
from subscriptions.receiving import free_port
from subscriptions.test_restarted_receiver import events, start

SECRET, OTHER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PAYLOAD = json.dumps({"id": "event-1", "sequence": 1, "type": "endpoint.test"})


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """Where it listens, and the file it writes."""
    port, file = free_port(), tmp_path_factory.mktemp("example") / "received.jsonl"
    process = start(port, file, SECRET)
    yield f"http://127.0.0.1:{port}/", file
    process.kill()
    process.communicate()


def signed(secret=SECRET, age=timedelta()):
    return sending.headers([secret], "event-1", datetime.now(UTC) - age, PAYLOAD)


def without(name):
    return {key: value for key, value in signed().items() if key != name}


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (signed(OTHER), PAYLOAD, 401),
        (signed(age=timedelta(minutes=10)), PAYLOAD, 401),
        (signed(), PAYLOAD.replace("event-1", "event-2"), 401),
        ({**signed(), "webhook-id": "event-2"}, PAYLOAD, 401),
        ({**signed(), "webhook-signature": "v1,nonsense"}, PAYLOAD, 401),
        (without("webhook-signature"), PAYLOAD, 401),
        (without("webhook-timestamp"), PAYLOAD, 401),
        (signed(), PAYLOAD + " " * 16 * 1024, 413),
    ],
)
def test_what_is_not_signed_by_the_secret_is_refused_and_not_written(there, headers, body, status):
    address, file = there
    with httpx.Client() as client:
        assert client.post(address, content=body, headers=headers).status_code == status
    assert events(file) == []


def test_what_is_signed_is_taken_once(there):
    address, file = there
    for _ in range(2):
        assert httpx.post(address, content=PAYLOAD, headers=signed()).status_code == 204
    assert [event["id"] for event in events(file)] == ["event-1"]
