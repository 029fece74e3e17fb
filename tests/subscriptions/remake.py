"""`.venv/bin/python tests/subscriptions/remake.py`: golden payloads for facts that have none yet. What was published is left alone."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from rso_subscriptions.public.mapping import HEARD
from subscriptions.test_public import FOLDER, variants


def write_missing() -> None:
    for model in HEARD:
        path = FOLDER / f"{model.TYPE}.json"
        if not path.exists():
            path.write_text(json.dumps(variants(model), indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(write_missing())
