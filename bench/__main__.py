"""`make bench` runs every bench and prints one table; `make bench ONLY="upload onebox"` runs some and leaves the file alone.

Figures of one run on one machine: read them as such. What needs an engine that is not to be had here says so in a line.
"""

import importlib
import sys

from rows import Row, table, write

BENCHES = ("store_append", "store_fold", "http_command", "upload", "onebox")


def main(chosen: list[str]) -> int:
    """Exit code 0 even where a target is missed: the table says so, and hiding it is not what exit codes are for."""
    unknown = [name for name in chosen if name not in BENCHES]
    if unknown:
        print(f"no such bench: {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    rows: list[Row] = []
    for name in chosen or BENCHES:
        print(f"running {name} ...", file=sys.stderr)
        rows += importlib.import_module(name).main()
    print(table(rows))
    if not chosen:
        write(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
