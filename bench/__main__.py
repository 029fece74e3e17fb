"""`make bench` runs every bench and prints one table; `make bench ONLY="upload onebox"` runs some and leaves the file alone.

Figures of one run on one machine: read them as such. What needs an engine that is not to be had here says so in a line. A bench that
breaks is said at the end and by exit code 1; the rows of the others are there all the same.
"""

import importlib
import sys
import time
import traceback

from engine_room import MissingEngineError, provided
from rows import Row, table, write

BENCHES: dict[str, tuple[str, ...]] = {
    "store_append": ("postgres",),
    "store_fold": ("postgres",),
    "http_command": ("postgres",),
    "latency": ("postgres", "kafka"),
    "relay": ("postgres", "kafka"),
    "drain": ("postgres", "kafka"),
    "growth": ("postgres",),
    "rebuild": ("postgres",),
    "upload": (),
    "fanout": (),
    "onebox": (),
    "replay": (),
    "cases": (),
    "case_cpu": (),
    "memory": (),
}
"""In this order, and the engines that each needs."""


def main(chosen: list[str]) -> int:
    """Exit code 0 even where a target is missed: the table says so, and that is not what exit codes are for."""
    unknown = [name for name in chosen if name not in BENCHES]
    if unknown:
        print(f"no such bench: {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    names = [name for name in BENCHES if name in chosen or not chosen]
    broken: list[str] = []
    with provided(*sorted({engine for name in names for engine in BENCHES[name]})):
        rows = [row for name in names for row in measured(name, broken)]
    print(table(rows))
    if not chosen:
        write(rows)
    if broken:
        print(f"broken: {', '.join(broken)}; why stands above", file=sys.stderr)
    return 1 if broken else 0


def measured(name: str, broken: list[str]) -> list[Row]:
    print(f"running {name} ...", file=sys.stderr)
    began = time.monotonic()
    try:
        rows: list[Row] = importlib.import_module(name).main()
    except MissingEngineError as missing:
        print(f"without {name}: {missing}", file=sys.stderr)
        return []
    except Exception:  # noqa: BLE001 - what the others have measured is not lost with it
        traceback.print_exc()
        broken.append(name)
        return []
    print(f"{name} took {time.monotonic() - began:.0f} s", file=sys.stderr)
    return rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
