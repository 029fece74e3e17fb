"""Before anything else starts: schema, keys, access log and topics of every service, and the documents of the API."""

import os
import subprocess
import sys
from collections.abc import Callable

from rso_cluster.environment import Place, inherited, variables
from rso_cluster.folder import Folder
from rso_cluster.topology import MIGRATIONS
from rso_onebox.datadir import DataDirError

LAST_LINES = 8
Say = Callable[[str], None]


def environ(place: Place) -> dict[str, str]:
    """The variables of all migrations: each service's begin with its own prefix."""
    given = inherited(os.environ)
    for process in MIGRATIONS:
        given |= variables(place, process, None)
    return given


def run(folder: Folder, place: Place, say: Say) -> None:
    """Raises DataDirError with the end of what was said when it fails."""
    argv = (sys.executable, "-m", "rso_cluster.preparing", str(folder.ingress))
    log = folder.log("preparing")
    with (
        log.open("w") as errors,
        subprocess.Popen(
            argv, env=environ(place), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        for line in process.stdout or ():
            say(line.rstrip())
    if process.returncode != 0:
        ending = "\n".join(log.read_text().splitlines()[-LAST_LINES:])
        raise DataDirError(f"schemas and topics could not be prepared (log: {log}):\n{ending}")
