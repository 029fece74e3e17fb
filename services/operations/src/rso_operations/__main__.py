"""api | relay | consumer | migrate | rebuild"""

import sys
from collections.abc import Mapping
from pathlib import Path

from fastapi import FastAPI

from rso_operations import rebuilding
from rso_operations.app import SPEC
from rso_shared.kit.process import Additions, main
from rso_shared.kit.service import Loop, Service


def face(app: FastAPI, service: Service) -> Mapping[str, Loop]:
    """The pages stand on top of the api."""
    from rso_operations import pages  # noqa: PLC0415 - the other roles do without the UI library

    pages.mount(app, service)
    return {}


if __name__ == "__main__":
    sys.exit(
        main(
            SPEC,
            Path(__file__).parent / "migrations" / "versions",
            sys.argv[1:],
            Additions(face=face, rebuild=rebuilding.run),
        )
    )
