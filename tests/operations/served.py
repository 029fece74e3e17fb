"""The pages served by a process of their own, from a folder that the test fills."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from rso_shared.kit.auth import Issuer, make_private_pem


def new_issuer(folder: Path) -> Issuer:
    """Whose key the server finds beside its data."""
    pem = make_private_pem()
    (folder / "issuer.pem").write_bytes(pem)
    return Issuer(pem, "rso-development")


@contextmanager
def served(folder: Path, port: int = 0) -> Iterator[str]:
    """Yields the address of the pages. `folder` holds `data` and the issuer's key; the pages know nothing but that."""
    command = [sys.executable, str(Path(__file__).with_name("serving.py")), str(folder / "data"), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}/operations"
        finally:
            server.terminate()


@contextmanager
def signed_in(address: str, role: str) -> Iterator[httpx.Client]:
    """A browser's cookie without a browser."""
    with httpx.Client(base_url=address, timeout=30) as client:
        assert client.post("/sign-in", data={"role": role}).status_code == 303
        yield client
