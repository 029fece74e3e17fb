"""What Today lists and what Cases filters by is one set; and no order of the list leaves a case out, on either database."""

import csv
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from kit.rooms import BACKENDS
from sqlalchemy import text

from operations.cases import submitted
from operations.listed import ids
from operations.stored import kept_in
from rso_operations import listing, today, view_cases, view_today
from rso_operations.freshness import Freshness
from rso_operations.listing import Sort, Wanted
from rso_operations.standing import NAMES
from rso_shared.contracts.base import FactModel
from rso_shared.contracts.coordinator import EscalationRaised, PromiseChanged, StageEntered, WaitingChanged, WaitingOn
from rso_shared.contracts.intake import CaseHeld, OwnerAssigned
from rso_shared.contracts.vocabulary import HoldReason, Stage
from support.harness import START, Harness

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FRESH = Freshness(START)
NOW = START + 2 * DAY
STAGES = (Stage.MATCHING, Stage.COMPILING_RECORDS, Stage.DELIVERED, Stage.CLOSED)
COUNT = 40


def life(number: int) -> Iterator[FactModel]:
    """Every mix of stage, owner, hold, escalation, due instant and promise; some instants are shared, some are not there."""
    case_id = f"case-{number:02}"
    if number % 7:
        yield submitted(case_id, f"{4000 + number}").model_copy(update={"submitted_at": START + number % 5 * HOUR})
        yield StageEntered(case_id=case_id, stage=STAGES[number % 4], entered_at=START + number % 3 * HOUR)
    if number % 3:
        due = NOW + (number % 5 - 2) * 18 * HOUR
        one = WaitingOn(party="facility", what="records", since=START, due=due, how_to_act="/v1/x")
        yield WaitingChanged(case_id=case_id, waiting_on=(one,))
    if number % 2:
        yield PromiseChanged(case_id=case_id, promised_by=NOW + (number % 6 - 2) * 18 * HOUR)
    if number % 5 == 0:
        yield OwnerAssigned(case_id=case_id, owner="nurse-1")
    if number % 4 < 2:
        yield EscalationRaised(case_id=case_id, reason="records_late", to="medical_director")
    if number % 6 < 4:
        yield CaseHeld(case_id=case_id, reason=HoldReason.PAYMENT)
    if number % 6 < 2:
        yield CaseHeld(case_id=case_id, reason=HoldReason.FURTHER_TESTING)


@pytest.fixture(scope="module", params=BACKENDS)
def operations(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with kept_in(request.param, tmp_path_factory.mktemp("pressing")) as harness:
        harness.receive(*(fact for number in range(COUNT) for fact in life(number)))
        yield harness


@pytest.mark.parametrize("sort", Sort)
@pytest.mark.parametrize("size", [1, 3, 13, 1000])
def test_no_order_leaves_a_case_out_or_shows_it_twice(operations: Harness, sort: Sort, size: int) -> None:
    found = ids(operations, Wanted(sort=sort.value, stage="all"), size, NOW)
    assert sorted(found) == [f"case-{number:02}" for number in range(COUNT)]
    assert found == ids(operations, Wanted(sort=sort.value, stage="all"), 1000, NOW)


@pytest.mark.parametrize("sort", [Sort.DUE, Sort.PROMISE])
def test_who_has_no_instant_stands_at_the_end(operations: Harness, sort: Sort) -> None:
    with operations.service.db.read() as tx:
        rows = listing.page(tx, Wanted(sort=sort.value, stage="all"), NOW).rows
    instants = [row.due_at if sort is Sort.DUE else row.promised_by for row in rows]
    dated = [at for at in instants if at]
    assert instants == sorted(dated) + [None] * (COUNT - len(dated))


@pytest.mark.parametrize("sort", Sort)
def test_the_columns_of_the_board_have_the_cards_that_they_count(operations: Harness, sort: Sort) -> None:
    with operations.service.db.read() as tx:
        columns = listing.columns(tx, Wanted(view="board", sort=sort.value), NOW)
    assert all(column.count == len(column.rows) for column in columns)
    assert sum(column.count for column in columns) > 0


def links(operations: Harness) -> dict[str, tuple[int, str]]:
    """By the name of Today's list: how many it says there are, and where the rest of them is."""
    with operations.service.db.read() as tx:
        page = view_today.page(today.today(tx, NOW), NOW, FRESH).replace("&amp;", "&")
    found = re.findall(r"<(?:caption|h2)>([\w: ]+) <b>(\d+)</b>(?: <a href='/operations/cases\?([^']*)'>)?", page)
    return {name: (int(count), address) for name, count, address in found}


@pytest.mark.parametrize(
    "name",
    [
        "Overdue",
        "Due within a day",
        "Escalated",
        "On hold",
        "On hold: payment",
        "On hold: further testing",
        "Unclaimed",
    ],
)
def test_the_link_of_a_list_of_today_leads_to_exactly_that_list(
    operations: Harness, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(today, "SHOWN", 1)
    count, address = links(operations)[name]
    wanted = Wanted.of(dict(each.split("=") for each in address.split("&")))
    assert 1 < count == len(ids(operations, wanted, 3, NOW))
    assert wanted.address() == f"?{address}"
    with operations.service.db.read() as tx:
        lines = listing.csv_lines(iter(listing.page(tx, wanted, NOW).rows), head=True)
    assert len(list(csv.DictReader(lines.splitlines()))) == count


def test_what_is_on_hold_stands_under_each_of_its_reasons(operations: Harness) -> None:
    with operations.service.db.read() as tx:
        found = today.today(tx, NOW)
        cards = view_cases.board(listing.columns(tx, Wanted(view="board", held="further_testing"), NOW), Wanted(), NOW)
    under = {reason: {row.case_id for row in few.rows} for reason, few in found.held_for.items()}
    assert set(under) == {"payment", "further_testing"}
    assert under["further_testing"] & under["payment"]
    assert "On hold: waiting patient" not in view_today.page(found, NOW, FRESH)
    for page in (view_today.page(found, NOW, FRESH), cards):
        assert "<mark>on hold: further testing, payment</mark>" in page


def test_the_form_offers_each_reason_of_a_hold() -> None:
    form = view_cases.form(Wanted(held=HoldReason.PAYMENT.value))
    assert all(f"<option value='{reason}'" in form for reason in HoldReason)
    assert "<option value='payment' selected>Payment" in form


def test_the_form_offers_each_of_them_and_says_what_was_asked_for() -> None:
    form = view_cases.form(Wanted(late="yes"))
    assert [name for name in NAMES if f"name='{name}' value='yes'" in form] == list(NAMES)
    assert form.count(" checked") == 1
    assert "name='late' value='yes' checked" in form


@pytest.mark.parametrize("stage", ["", "all"])
@pytest.mark.parametrize("sort", [Sort.DUE, Sort.PROMISE])
@pytest.mark.parametrize("at", ["2026-03-02T15:00:00.000000Z", ""])
def test_each_part_of_the_list_is_a_range_of_one_index(operations: Harness, stage: str, sort: Sort, at: str) -> None:
    """No sort, and no row that is read to be left out. Tables this small are read whole unless one forbids it."""
    query = (listing._dated if at else listing._undated)(sort, listing.Place(at, "case-01"))
    query = query.where(*listing._conditions(Wanted(sort=sort, stage=stage), NOW)).limit(3)
    with operations.service.db.read() as tx:
        if not tx.is_sqlite:
            for way in ("seqscan", "bitmapscan", "sort"):
                tx.conn.execute(text(f"SET LOCAL enable_{way} = off"))
        sql = query.compile(tx.conn, compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN QUERY PLAN" if tx.is_sqlite else "EXPLAIN"
        plan = " ".join(str(row) for row in tx.conn.execute(text(f"{explain} {sql}")).all())
    assert f"by_{sort}" in plan
    assert not re.search(r"TEMP B-TREE|SCAN board\b(?! USING)|Sort", plan), plan
