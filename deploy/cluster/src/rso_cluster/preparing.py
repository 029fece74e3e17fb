"""`python -m rso_cluster.preparing FOLDER`: what the role `migrate` does, for every service in turn, and the API's documents.

On one machine one process does it: most of a migration's time is the loading of its service, and all services are loaded once.
"""

import os
import sys
from pathlib import Path

from rso_cluster import api_documents
from rso_onebox.box import MODULES
from rso_shared.kit import logs, process


def main(folder: Path) -> None:
    logs.configure()
    for module in MODULES:
        done = process.prepare(module.SPEC, Path(str(module.__file__)).parent / "migrations" / "versions")
        print(f"{module.SPEC.name.short}: {'migrated' if done else 'nothing to migrate'}", flush=True)
    api_documents.main(folder)


if __name__ == "__main__":
    code = 1
    try:
        main(Path(sys.argv[1]))
        code = 0
    except Exception:  # noqa: BLE001 - the traceback is printed and the exit code says so
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the coordinator loads temporalio, which may abort a normal end
