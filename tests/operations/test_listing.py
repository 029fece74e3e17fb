"""The list of cases: what is searched is found, every page follows the one before, and a spreadsheet runs nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from operations.cases import submitted
from operations.listed import ids
from rso_operations import listing, view_cases
from rso_operations.app import SPEC
from rso_operations.listing import FIELDS, Sort, Wanted
from rso_operations.markup import case_row
from rso_shared.contracts.coordinator import PromiseChanged, StageEntered, WaitingChanged, WaitingOn
from rso_shared.contracts.intake import CaseHeld
from rso_shared.contracts.matching import AssignmentReleased, OfferAccepted
from rso_shared.contracts.program import ProgramRef
from rso_shared.contracts.vocabulary import HoldReason, Priority, Stage
from support.harness import START, Harness

HOUR = timedelta(hours=1)
PROGRAM = ProgramRef(program_id="second-opinion", version=1)


@pytest.fixture(scope="module")
def operations(tmp_path_factory):
    """Twenty-five cases; the fifth has everything that can be asked for, the last one is over."""
    harness = Harness(SPEC, tmp_path_factory.mktemp("listing"))
    for number in range(25):
        case_id, at = f"case-{number:02}", START + number * HOUR
        known = submitted(case_id, f"{4000 + number}").model_copy(update={"submitted_at": at})
        due = WaitingOn(
            party="facility", what="records", since=at, due=START + (50 - number) * HOUR, how_to_act="/v1/x"
        )
        harness.receive(
            known.model_copy(
                update={"client_reference": "ORDER-7", "partner_organisation_id": "north", "program": PROGRAM}
            )
            if number == 5
            else known,
            StageEntered(case_id=case_id, stage=Stage.MATCHING, entered_at=at),
            WaitingChanged(case_id=case_id, waiting_on=(due,)),
        )
    taken = OfferAccepted(case_id="case-05", offer_id="o", assignment_id="a", specialist_id="dr-one", accepted_at=START)
    harness.receive(
        taken, CaseHeld(case_id="case-05", reason=HoldReason.FURTHER_TESTING),
        PromiseChanged(case_id="case-05", promised_by=START + HOUR),
        StageEntered(case_id="case-24", stage=Stage.CLOSED, entered_at=START),
    )  # fmt: skip
    yield harness
    harness.close()


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("size", [1, 7, 100])
def test_pages_of_any_size_show_each_case_once_and_in_order(operations, sort, size):
    wanted = Wanted(sort=sort.value, stage="all")
    assert ids(operations, wanted, size) == ids(operations, wanted)


def test_what_is_under_way_oldest_first(operations):
    assert ids(operations, Wanted()) == [f"case-{number:02}" for number in range(24)]
    assert ids(operations, Wanted(sort="newest"))[0] == "case-23"
    assert ids(operations, Wanted(sort="due"))[:2] == ["case-23", "case-22"]
    assert ids(operations, Wanted(sort="promise"))[0] == "case-05"


@pytest.mark.parametrize(
    "text", ["4005", "01234564005", "0123-456 4005", "ORDER-7", "case-05", "north", "second-opinion", "dr-one"]
)
def test_a_search_finds_by_number_reference_id_partner_program_and_specialist(operations, text):
    assert ids(operations, Wanted(q=text)) == ["case-05"]


@pytest.mark.parametrize("text", ["ORDER-4005", "x4005", "005", "234564005"])
def test_what_only_ends_like_a_number_is_none(operations, text):
    assert ids(operations, Wanted(q=text)) == []


def test_a_search_finds_what_is_over_and_nothing_by_a_part(operations):
    assert ids(operations, Wanted(q="4024")) == ["case-24"]
    assert ids(operations, Wanted(q="ORDER")) == []
    assert ids(operations, Wanted(q="%")) == []


@pytest.mark.parametrize(
    "field", [{"partner": "north"}, {"specialist": "dr-one"}, {"held": "any"}, {"held": "further_testing"}]
)
def test_filters_narrow(operations, field):
    assert ids(operations, Wanted(**field)) == ["case-05"]
    assert ids(operations, Wanted(**field, stage="closed")) == []


def test_a_released_specialist_has_the_case_no_more(tmp_path):
    harness = Harness(SPEC, tmp_path)
    harness.receive(
        submitted("c"), StageEntered(case_id="c", stage=Stage.MATCHING, entered_at=START),
        OfferAccepted(case_id="c", offer_id="o", assignment_id="a", specialist_id="dr-one", accepted_at=START),
        AssignmentReleased(case_id="c", assignment_id="a", specialist_id="dr-one", reason="specialist_unavailable"),
    )  # fmt: skip
    assert ids(harness, Wanted(specialist="dr-one")) == []
    harness.close()


def test_an_address_says_all_that_was_asked_for_and_nothing_else():
    wanted = Wanted(q="a b", stage="matching", priority=Priority.URGENT.value, sort="due")
    assert wanted.address() == "?q=a+b&stage=matching&priority=urgent&sort=due"
    assert Wanted().address() == "?"
    assert wanted.address(q="") == "?stage=matching&priority=urgent&sort=due"


@pytest.mark.parametrize("name", FIELDS)
def test_an_address_that_was_typed_badly_asks_for_less(name):
    wanted = Wanted.of({name: "\x00<nonsense>", "color": "red"})
    assert wanted == Wanted() or getattr(wanted, name) == "\x00<nonsense>"
    assert "<nonsense>" not in view_cases.form(wanted)


def test_a_spreadsheet_runs_nothing(operations):
    with operations.service.db.read() as tx:
        (row,) = listing.page(tx, Wanted(q="ORDER-7"), START).rows
    head, line = listing.csv_lines(iter([replace(row, client_reference="=1+1", owner="@x")]), head=True).splitlines()
    assert head.split(",") == list(listing.HEAD)
    assert line.split(",")[2] == "'=1+1"
    assert ",'@x," in line


def test_what_is_shown_is_escaped(operations):
    with operations.service.db.read() as tx:
        found = listing.page(tx, Wanted(q="ORDER-7"), START)
    evil = replace(found.rows[0], client_reference="<script>", owner="<b>", waiting_on="<i>")
    page = view_cases.page(replace(found, rows=(evil,)), Wanted(), START, None)
    assert not {"<script>", "<b>x", "<i>"} & set(page.replace("><", ">\n<").splitlines())
    assert "&lt;script&gt;" in page


def test_a_board_has_every_case_of_the_list_in_its_stage(operations, monkeypatch):
    monkeypatch.setattr(listing, "CARDS", 10)
    with operations.service.db.read() as tx:
        columns = listing.columns(tx, Wanted(view="board"), START)
        some = listing.columns(tx, Wanted(view="board", partner="north"), START)
        one = listing.columns(tx, Wanted(view="board", stage=Stage.CLOSED.value), START)
    counts = {column.stage: (column.count, len(column.rows)) for column in columns}
    assert counts[Stage.MATCHING] == (24, 10)
    assert sum(count for count, _ in counts.values()) == 24
    assert sum(column.count for column in some) == 1
    assert [(column.stage, column.count) for column in one] == [(Stage.CLOSED, 1)]
    page = view_cases.board(columns, Wanted(view="board"), START)
    assert "and 14 more" in page
    assert "href='/operations/cases?stage=matching'" in page


@pytest.mark.parametrize(("days", "colour"), [(2, ""), (3, "soon"), (6, "soon"), (7, "late"), (40, "late")])
def test_how_long_an_open_case_is_in_its_stage_has_a_colour(operations, days, colour):
    with operations.service.db.read() as tx:
        found = listing.page(tx, Wanted(q="ORDER-7"), START).rows[0]
    for made in (case_row, view_cases.card):
        now = found.since + timedelta(days=days)
        plain = f"{days} d 0 h"
        assert (f"<span class='{colour}'>{plain}</span>" if colour else plain) in made(found, now)
        assert f"'>{plain}</span>" not in made(replace(found, stage=Stage.CLOSED.value), now)
