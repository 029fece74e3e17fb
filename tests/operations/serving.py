"""Serves operations from a folder that another process fills: `python serving.py FOLDER`. Prints its port, runs until killed.

A process of its own, because the page's framework keeps its state in module globals.
"""

import socket
import sys
from pathlib import Path

import uvicorn

sys.path.insert(0, str(Path(__file__).parents[1]))

from rso_operations.app import SPEC
from rso_operations.pages import mount
from support.harness import Harness


def main() -> None:
    harness = Harness(SPEC, Path(sys.argv[1]))
    mount(harness.app, harness.service)
    listening = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    uvicorn.Server(uvicorn.Config(harness.app, log_level="warning")).run(sockets=[listening])


if __name__ == "__main__":
    main()
