"""api | relay | consumer | migrate | rebuild | worker"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from rso_coordinator.app import SPEC, temporal_loops
from rso_coordinator.worker import Temporal
from rso_shared.kit.process import main
from rso_shared.kit.service import Loop, Service


def worker(service: Service) -> Mapping[str, Loop]:
    """Bridge and worker together: both need the Temporal server."""
    settings = service.settings
    return temporal_loops(service, Temporal(settings.temporal_address, settings.temporal_namespace, settings.master()))


if __name__ == "__main__":
    code = main(SPEC, Path(__file__).parent / "migrations" / "versions", sys.argv[1:], {"worker": worker})
    sys.stdout.flush()
    os._exit(code)  # a process that used temporalio may abort in a normal interpreter exit
