"""The board follows the facts in whatever order they come, and the page says it in words."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from operations.cases import CASE, submitted
from rso_operations import board, listing, models
from rso_operations.app import SPEC
from rso_operations.board import ENDED, Row
from rso_operations.listing import Wanted
from rso_operations.subscribe import SUBSCRIPTION
from rso_shared.contracts.coordinator import PromiseChanged, StageEntered, WaitingChanged, WaitingOn
from rso_shared.contracts.intake import PriorityChanged
from rso_shared.contracts.vocabulary import Priority, Stage
from rso_shared.kit import service
from rso_shared.kit.names import HEADS_TOPIC, OPERATIONS, SERVICES
from rso_shared.kit.tables import HEADS
from support.harness import START, Harness

HOUR = timedelta(hours=1)
FACTS = (
    submitted(),
    StageEntered(case_id=CASE, stage=Stage.MATCHING, entered_at=START),
    WaitingChanged(
        case_id=CASE, waiting_on=(WaitingOn(party="specialist", what="offer", since=START, how_to_act="/v1/offers"),)
    ),
    PromiseChanged(case_id=CASE, promised_by=START + HOUR),
    PriorityChanged(case_id="another", priority=Priority.URGENT),
)
ROW = Row(
    case_id=CASE,
    reference_last_four="4417",
    stage="matching",
    since=START,
    waiting_on="specialist (offer)",
    promised_by=START + HOUR,
    priority="routine",
    program_id="second-look",
    owner="team:desk",
    submitted_at=START,
)


@pytest.fixture
def operations(tmp_path):
    harness = Harness(SPEC, tmp_path)
    yield harness
    harness.close()


def shown(operations, stage=""):
    with operations.service.db.read() as tx:
        return listing.page(tx, Wanted(stage=stage), START).rows


def counted(operations):
    with operations.service.db.read() as tx:
        return {stage: count for stage, count in board.counted(tx).items() if count}


@pytest.mark.parametrize("order", list(itertools.permutations(FACTS[:4]))[::5])
def test_any_order_gives_the_same_row(operations, order):
    operations.receive(*order)
    assert counted(operations) == {"matching": 1}
    assert shown(operations) == (ROW,)


def test_a_stage_shows_its_own_cases_and_ended_ones_only_when_asked_for(operations):
    operations.receive(*FACTS, StageEntered(case_id="another", stage=Stage.CLOSED, entered_at=START))
    assert counted(operations) == {"matching": 1, "closed": 1}
    assert [row.case_id for row in shown(operations)] == [CASE]
    assert [row.case_id for row in shown(operations, Stage.CLOSED)] == ["another"]
    assert shown(operations, Stage.SCREENING) == ()


def test_under_way_is_whatever_has_not_ended(operations):
    facts = [StageEntered(case_id=f"in {stage}", stage=stage, entered_at=START) for stage in Stage]
    operations.receive(*facts)
    under_way = {f"in {stage}" for stage in Stage if stage not in ENDED}
    assert {row.case_id for row in shown(operations)} == under_way


def test_nobody_waited_for_and_no_promise(operations):
    operations.receive(
        *FACTS[:4], WaitingChanged(case_id=CASE, waiting_on=()), PromiseChanged(case_id=CASE, promised_by=None)
    )
    assert shown(operations) == (replace(ROW, waiting_on="", promised_by=None),)


def test_a_rebuild_gives_the_same_board(operations):
    operations.receive(*FACTS, PriorityChanged(case_id=CASE, priority=Priority.EXPEDITED))
    before = shown(operations)
    with operations.service.db.write() as tx:
        assert models.rebuild(tx)["board"] == 2
    assert shown(operations) == before


def test_the_newest_head_of_every_stream_is_witnessed(operations):
    first, second, third = (operations.record(submitted()) for _ in range(3))
    head = {**third.headers, "ce_type": "rso.head.v1", "ce_hash": "ff"}
    unknown = replace(third, topic=HEADS_TOPIC, headers=head, value=b"{}")
    service.consumer(operations.service).process([unknown, first, second])
    with operations.service.db.read() as tx:
        (row,) = tx.conn.execute(select(HEADS)).all()
    assert (row.stream, row.version, row.hash) == (third.headers["ce_stream"], 3, "ff")


def test_every_other_topic_is_listened_to():
    others = {each.topic for each in SERVICES if each is not OPERATIONS} | {HEADS_TOPIC}
    assert set(SUBSCRIPTION.topics(OPERATIONS)) == others
