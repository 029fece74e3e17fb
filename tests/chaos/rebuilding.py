"""`python rebuilding.py MODULE TIMES`: rebuilds as processes of their own, forked from one that has loaded the service already.

Prints how each of them ended, one wait status a line.
"""

import importlib
import os
import runpy
import sys


def ended(module: str) -> int:
    """The exit code of one rebuild; negative for the signal that ended it."""
    importlib.import_module(f"{module}.app")
    child = os.fork()
    if child == 0:
        os.dup2(2, 1)
        sys.argv = [module, "rebuild"]
        runpy.run_module(module, run_name="__main__")
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    for _ in range(int(sys.argv[2])):
        sys.stdout.write(f"{ended(sys.argv[1])}\n")
        sys.stdout.flush()
