"""`python rebuilding.py MODULE TIMES`: rebuilds as processes of their own, forked from one that has loaded the service already.

Prints how each of them ended, one wait status a line.
"""

import importlib
import os
import sys
from pathlib import Path

from rso_shared.kit.process import main


def ended(module: str) -> int:
    """The exit code of one rebuild; negative for the signal that ended it."""
    package = importlib.import_module(module)
    spec = importlib.import_module(f"{module}.app").SPEC
    child = os.fork()
    if child == 0:
        os.dup2(2, 1)
        os._exit(main(spec, Path(str(package.__file__)).parent / "migrations" / "versions", ["rebuild"]))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    for _ in range(int(sys.argv[2])):
        sys.stdout.write(f"{ended(sys.argv[1])}\n")
        sys.stdout.flush()
