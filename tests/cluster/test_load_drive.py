"""Players of a load: whatever becomes of a case is told, also what nobody foresaw."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from rso_cluster.load_drive import Drive
from rso_shared.kit.auth import Issuer, make_private_pem

CASES = 5


class Nonsense(BaseHTTPRequestHandler):
    """Answers every request well, and with something that is no answer to it."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Nonsense) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_problem_that_nobody_foresaw_is_each_cases_failure_and_ends_no_player(address: str) -> None:
    said: list[str] = []
    driven = Drive(address, Issuer(make_private_pem(), "rso-development"), CASES, 2, 100, said.append).run()
    assert driven.finished == []
    assert len(driven.failed) == CASES
    assert {told.partition(":")[0] for told in driven.failed} == {f"case {100 + number}" for number in range(CASES)}
    assert all("KeyError: " in told for told in driven.failed)
    assert set(driven.failed) <= set(said)
