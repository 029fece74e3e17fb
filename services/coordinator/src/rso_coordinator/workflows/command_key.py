"""The Idempotency-Key of one command of a case."""

import json
from collections.abc import Mapping
from typing import Any

from rso_shared.kit.ids import derived_id


def command_key(case_id: str, step: str, number: int, path: str, body: Mapping[str, Any]) -> str:
    """From case, step and count, and from what the command says.

    A workflow task that was cut off is done again from its start, with the facts that came meanwhile: the first mail of the
    second time may be another than the first mail of the first. Under a key that only counts it would pass for a reused one,
    and be refused for ever; under this one it is a command of its own, and what was done twice is absorbed by its service.
    """
    return derived_id(case_id, step, number, path, json.dumps(body, sort_keys=True))
