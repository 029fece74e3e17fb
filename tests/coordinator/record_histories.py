"""Plays every outcome and saves its history:  .venv/bin/python tests/coordinator/record_histories.py

Only after a deliberate change of the workflow, and with `workflow.patched` where cases are under way. The files name no host:
the identities of workers are left out.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from coordinator.outcomes import OUTCOMES
from coordinator.world import World, quiet_logs
from rso_onebox.test_server import find_test_server

FOLDER = Path(__file__).parents[1] / "histories"


def nameless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: nameless(each) for key, each in value.items() if key != "identity"}
    return [nameless(each) for each in value] if isinstance(value, list) else value


def record(world: World) -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, (play, _) in OUTCOMES.items():
        story = play(world)
        history = world.history(story.case_id)
        size = sum(event.ByteSize() for event in history.events)
        saved = {"workflow_id": history.workflow_id, **nameless(json.loads(history.to_json()))}
        (FOLDER / f"{name}.json").write_text(json.dumps(saved, indent=1) + "\n")
        print(f"{name}: {len(history.events)} events, {size:,} bytes, {world.status(story.case_id)}")  # noqa: T201
        world.forget()


def main() -> int:
    server = find_test_server()
    if server is None:
        return 1
    with tempfile.TemporaryDirectory() as folder, quiet_logs(Path(folder) / "rso.log"):
        world = World(Path(folder), server)
        try:
            record(world)
        finally:
            world.close()
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)
