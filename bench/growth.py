"""The same commands and views of every service with ever more stored cases: SQL time per command, pages per view.

Databases of one service stand side by side, filled by `preload`, and every command and view is taken from each in turn. The time of
a command is what its statements and its commit took at the driver, without the connection that tells the relay; their number is a row
too. The pages of a view are what EXPLAIN (ANALYZE, BUFFERS) counts for its statements, hit or read. That no table is read from end to
end is asked of every statement of both, at the most cases. The first rounds are not counted: the server and its caches are at work on
what was copied in. `python bench/growth.py 100 1000` runs this one alone, with so many cases.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from engine_room import provided
from explained import Plan, plan, planned_scans
from finished import Finished, finished
from growth_cases import FIRST_HEARD, Known, filled, fresh, known, of_clone, records, submissions
from growth_side import Side
from growth_views import COMMANDS, VIEWS, View
from http_command import OTHER_LINE
from postgres_room import database, postgres, settled
from preload import Case, case, load
from rows import Row, at_most, ratio_at_most, reported, table
from spy import Statement, spied

from rso_shared.kit import logs

COUNTS = (1_000, 10_000, 50_000)
SERVICES = ("intake", "records", "matching", "opinions", "billing", "operations")
WARMING, ROUNDS, LIMIT = 5, 40, 1.15
HEARD = {"records", "matching", "opinions", "billing"}
"""Whose commands meet cases of which they have only heard."""


@dataclass(slots=True)
class Bench:
    """One service with so many cases on each side."""

    short: str
    counts: Sequence[int]
    sides: list[Side]
    of: Case
    first: Known
    spent: dict[str, dict[str, list[list[Statement]]]] = field(default_factory=dict)
    """By command and side: what each round sent to the database."""


def main(counts: Sequence[int] = COUNTS) -> list[Row]:
    with provided("postgres"), tempfile.TemporaryDirectory(prefix="rso-bench-") as made, ExitStack() as stack:
        logs.configure(stream=stack.enter_context(Path(os.devnull).open("w")))
        played = finished(Path(made) / "data")
        server = stack.enter_context(postgres())
        return [row for short in SERVICES for row in _measured(short, counts, played, Path(made), server)]


def _measured(short: str, counts: Sequence[int], played: Finished, made: Path, server: str) -> list[Row]:
    """Its databases are gone afterwards."""
    began = time.monotonic()
    before = played.before[short]
    of = case(before, played.after[short])
    heard = range(FIRST_HEARD, FIRST_HEARD + WARMING + ROUNDS) if short in HEARD else ()
    with ExitStack() as stack:
        sides = []
        for count in counts:
            folder = made / short / str(count)
            folder.mkdir(parents=True)
            side = Side(short, stack.enter_context(database(server)), played, folder)
            stack.callback(side.service.close)
            load(side.dsn, before, of, count, heard)
            sides.append(side)
        settled([side.dsn for side in sides])
        loaded = time.monotonic()
        bench = Bench(short, counts, sides, of, known(played, short))
        rows = [*_views(bench), *_commands(bench)]
        print(f"{short}: filled in {loaded - began:.0f} s, asked in {time.monotonic() - loaded:.0f} s", file=sys.stderr)
        return rows


def _commands(bench: Bench) -> list[Row]:
    submitted = submissions(bench.sides[0]) if bench.short == "intake" else None
    for turn in range(WARMING + ROUNDS):
        for side in bench.sides:
            about = {**of_clone(bench.first, bench.of, FIRST_HEARD + turn), **fresh(turn)}
            if submitted:
                about["submission"] = submitted()
            for name, statements in _played_through(bench, side, about, turn):
                bench.spent.setdefault(name, {}).setdefault(side.dsn, []).append(statements)
    return [*(row for name in bench.spent for row in _spent(bench, name)), _command_scans(bench)]


def _played_through(bench: Bench, side: Side, about: Known, turn: int) -> Iterator[tuple[str, list[Statement]]]:
    """What each command sent to the database. What it answers is known from then on."""
    for command in (each for each in COMMANDS if each.service == bench.short):
        asked = (filled(command.path, about), command.caller.role, filled(command.caller.subject, about))
        body = filled(command.body, about)
        with _sent() as statements:
            about.update(side.call("POST", *asked, command.caller.organisation, body))
        yield command.name, statements
    if bench.short == "operations":
        facts = records(bench.of, FIRST_HEARD + turn)
        with _sent() as statements:
            side.take_in(facts)
        yield f"taking in the {len(facts)} facts of a case", statements


@contextmanager
def _sent() -> Iterator[list[Statement]]:
    """Filled when it is over."""
    found: list[Statement] = []
    with spied() as statements:
        yield found
    found += [each for each in statements if not (each.sql or "").startswith(OTHER_LINE)]


def _spent(bench: Bench, name: str) -> list[Row]:
    rounds = [bench.spent[name][side.dsn][WARMING:] for side in bench.sides]
    middle = [statistics.median(1000 * sum(each.seconds for each in sent) for sent in side) for side in rounds]
    number = statistics.median(sum(each.sql is not None for each in sent) for sent in rounds[-1])
    return [
        _grown(f"SQL of {name}", middle, bench.counts, "ms"),
        reported(f"SQL statements of {name}", number, "statements"),
    ]


def _command_scans(bench: Bench) -> Row:
    """Of the last round: the plan, which the server also makes for what writes, without anything being done again."""
    last = bench.sides[-1].dsn
    with psycopg.connect(last) as connection:
        sent = {name: sides[last][-1] for name, sides in bench.spent.items()}
        scans = {f"{name}: {table}" for name, each in sent.items() for table in planned_scans(connection, each)}
    return _scans(bench, "commands", scans)


def _views(bench: Bench) -> list[Row]:
    rows, scans = [], set[str]()
    for view in (each for each in VIEWS if each.service == bench.short):
        plans = [_plan(side, view, bench.first) for side in bench.sides]
        scans |= {f"{view.name}: {scanned}" for scanned in plans[-1].scans}
        rows.append(_grown(f"pages of {view.name}", [float(found.pages) for found in plans], bench.counts, "pages"))
    return [*rows, _scans(bench, "views", scans)]


def _scans(bench: Bench, of_what: str, scans: Collection[str]) -> Row:
    for scan in sorted(scans):
        print(f"sequential scan in {scan}", file=sys.stderr)
    what = f"{of_what} of {bench.short} with a sequential scan at {bench.counts[-1]:,} cases"
    return at_most(what, len(scans), "scans", 0)


def _plan(side: Side, view: View, about: Known) -> Plan:
    with spied() as statements:
        if view.query is None:
            caller = view.caller
            subject = filled(caller.subject, about)
            side.call("GET", filled(view.path, about), caller.role, subject, caller.organisation)
        else:
            with side.service.db.read() as tx:
                view.query(tx)
    with psycopg.connect(side.dsn) as connection:
        return plan(connection, statements)


def _grown(name: str, values: Sequence[float], counts: Sequence[int], unit: str) -> Row:
    """The most cases as ours, the fewest as the peer; what lies between is said in the name."""
    between = ", ".join(f"{value:.3g} at {count:,}" for value, count in zip(values[1:-1], counts[1:-1], strict=True))
    told = f"{name}, {counts[-1]:,} cases beside {counts[0]:,}" + (f" ({between})" if between else "")
    return ratio_at_most(told, values[-1], values[0], unit, LIMIT)


if __name__ == "__main__":
    print(table(main([int(word) for word in sys.argv[1:]] or COUNTS)))
