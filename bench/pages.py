"""The staff's lists with ten times the cases, while 25 browsers watch: time of a page at the server, beside one indexed query.

Two databases of operations stand side by side, filled by `preload`, each shown by an api of its own; their cases are spread over the
stages and their promises over some days, as on a working day. In turns each page is asked for over one kept connection, and the
peer's query (a page of the list by its index) is sent over another. `make bench-pages` runs this alone.
"""

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psycopg
from finished import Finished, finished
from growth_side import Side
from http_command import free_port, server, settings
from playwright.sync_api import sync_playwright
from postgres_room import database, postgres
from preload import Case, case, load
from rows import Row, at_most, ratio_at_most, table

from rso_operations.board import ENDED
from rso_shared.contracts.vocabulary import Stage
from rso_shared.kit.clock import iso

COUNTS, BROWSERS, ROUNDS = (10_000, 100_000), 25, 60
LIMIT_MS, LIMIT_RATIO, FLAT = 150.0, 5.0, 1.15
PAGES = {"Today": "/operations/", "Cases": "/operations/cases"}
QUERY = (
    "SELECT * FROM board WHERE stage NOT IN ('closed', 'declined', 'withdrawn', 'expired') AND since IS NOT NULL "
    "ORDER BY since, case_id LIMIT 101"
)
UNREAD = ("facts", "inbox")
LIVING = 20
"""One case in so many is under way; the others are over."""
SPREAD = """
UPDATE board SET stage = (%(stages)s::text[])[1 + abs(hashtext(case_id)) %% %(count)s], owner = 'nurse-' || abs(hashtext(case_id)) %% 25,
    delivered_at = NULL, promised_by = (%(days)s::text[])[1 + abs(hashtext(case_id)) %% 9]
WHERE abs(hashtext(case_id || 'x')) %% %(living)s = 0
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """So many cases, and where they are looked at."""

    count: int
    dsn: str
    address: str


def main() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="rso-bench-") as made, ExitStack() as stack:
        played = finished(Path(made) / "data")
        servers = stack.enter_context(postgres())
        shown = [stack.enter_context(_shown(count, played, Path(made), servers)) for count in COUNTS]
        alone = {name: _asked(path, shown) for name, path in PAGES.items()}
        stack.enter_context(_watched(shown[-1]))
        return [row for name, path in PAGES.items() for row in _rows(name, alone[name], _asked(path, shown[-1:]))]


@contextmanager
def _shown(count: int, played: Finished, made: Path, servers: str) -> Iterator[Shown]:
    folder = made / str(count)
    folder.mkdir()
    with database(servers) as dsn:
        side, before = Side("operations", dsn, played, folder), played.before["operations"]
        side.service.close()
        began = time.monotonic()
        load(dsn, before, _read(case(before, played.after["operations"])), count)
        _spread(dsn)
        print(f"{count:,} cases in {time.monotonic() - began:.0f} s", file=sys.stderr)
        port = free_port()
        given = {**settings(folder, dsn, played.data.issuer_pem()), "port": str(port), "development_sign_in": "true",
                 "service_token_key": played.data.issuer_pem().decode()}  # fmt: skip
        environment = {f"RSO_OPERATIONS_{name.upper()}": value for name, value in given.items()}
        with server(["-m", "rso_operations", "api"], port, **environment) as (host, _):
            yield Shown(count, dsn, f"http://{host}:{port}")


def _read(played: Case) -> Case:
    """What these pages read: the kept facts of 100,000 cases would take longer to write than all the rest."""
    return replace(played, rows={**played.rows, **{name: [] for name in UNREAD}})


def _spread(dsn: str) -> None:
    stages = [stage.value for stage in Stage if stage not in ENDED]
    days = [iso(datetime.now(UTC) + timedelta(days=day - 3)) for day in range(9)]
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("UPDATE board SET stage = 'closed'")
        connection.execute(SPREAD, {"stages": stages, "count": len(stages), "days": days, "living": LIVING})
        connection.execute("VACUUM (FULL) board")
        connection.execute("VACUUM (ANALYZE) board")  # the full one leaves behind no map of what everybody may see


@contextmanager
def _watched(shown: Shown) -> Iterator[None]:
    """So many windows on the larger one, half of them on each page."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context()
        context.request.post(f"{shown.address}/operations/sign-in", form={"role": "operations"})
        for number in range(BROWSERS):
            page = context.new_page()
            page.goto(shown.address + list(PAGES.values())[number % len(PAGES)])
            page.wait_for_function("window.socket && window.socket.connected")
        yield
        browser.close()


@dataclass(frozen=True, slots=True)
class Times:
    """p95 in milliseconds, per number of cases."""

    page: list[float]
    query: list[float]


def _asked(path: str, shown: list[Shown]) -> Times:
    pages: list[list[float]] = [[] for _ in shown]
    queries: list[list[float]] = [[] for _ in shown]
    with ExitStack() as stack:
        clients = [stack.enter_context(httpx.Client(base_url=each.address, timeout=60)) for each in shown]
        lines = [stack.enter_context(psycopg.connect(each.dsn, autocommit=True)) for each in shown]
        for client in clients:
            client.post("/operations/sign-in", data={"role": "operations"})
        for _ in range(ROUNDS):
            for number, client in enumerate(clients):
                began = time.perf_counter()
                answer = client.get(path)
                pages[number].append(1000 * (time.perf_counter() - began))
                answer.raise_for_status()
                began = time.perf_counter()
                lines[number].execute(QUERY).fetchall()
                queries[number].append(1000 * (time.perf_counter() - began))
    return Times([_p95(each) for each in pages], [_p95(each) for each in queries])


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def _rows(name: str, alone: Times, watched: Times) -> list[Row]:
    few, many = (f"{count:,} cases" for count in COUNTS)
    (page,), (query,) = watched.page, watched.query
    return [
        at_most(f"{name}, {many}, {BROWSERS} browsers, p95", page, "ms", LIMIT_MS),
        ratio_at_most(
            f"{name}, {many}, {BROWSERS} browsers, p95 beside one indexed query", page, query, "ms", LIMIT_RATIO
        ),
        ratio_at_most(f"{name}, nobody watching, p95, {many} beside {few}", *reversed(alone.page), "ms", FLAT),
    ]


if __name__ == "__main__":
    from engine_room import provided

    with provided("postgres"):
        print(table(main()))
