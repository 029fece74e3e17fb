"""Serves operations from a folder that another process fills: `python serving.py FOLDER PORT`. Prints its port, runs until killed.

The issuer's key lies beside the folder.

A process of its own, because the page's framework keeps its state in module globals.
"""

import os
import socket
import sys
from pathlib import Path

import uvicorn
from pydantic import SecretStr

sys.path.insert(0, str(Path(__file__).parents[1]))

from rso_operations.app import SPEC
from rso_operations.pages import mount
from rso_shared.kit.auth import Issuer
from support.harness import Harness


def main() -> None:
    pem = (Path(sys.argv[1]).parent / "issuer.pem").read_bytes()
    issuer = Issuer(pem, "rso-development")
    listening = socket.create_server(("127.0.0.1", int(sys.argv[2])))
    port = listening.getsockname()[1]
    harness = Harness(
        SPEC, Path(sys.argv[1]), development_sign_in=True, issuer_public_key=issuer.public_pem().decode(),
        service_token_key=SecretStr(pem.decode()), internal_url=f"http://127.0.0.1:{port}",
    )  # fmt: skip
    mount(harness.app, harness.service)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads what would fill the pipe
    uvicorn.Server(uvicorn.Config(harness.app, log_level="warning")).run(sockets=[listening])


if __name__ == "__main__":
    main()
