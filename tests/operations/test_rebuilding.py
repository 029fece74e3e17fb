"""A rebuild while the pages are looked at: they say so and show the old numbers, and a killed one goes on saying it."""

import pytest
from sqlalchemy import update

from operations.cases import CASE, submitted
from operations.served import new_issuer, served
from operations.walking import needs_chromium, walking
from rso_operations import models, rebuilding
from rso_operations.app import SPEC
from rso_operations.board import BOARD
from rso_shared.contracts.coordinator import StageEntered
from rso_shared.contracts.vocabulary import Stage
from support.harness import START, Harness

SCREENED = StageEntered(case_id=CASE, stage=Stage.SCREENING, entered_at=START)


class KilledError(Exception):
    """As far as the database is concerned."""


def since(harness):
    with harness.service.db.read() as tx:
        return rebuilding.since(tx)


def test_a_rebuild_leaves_no_mark_and_mends_what_was_wrong(tmp_path):
    harness = Harness(SPEC, tmp_path)
    harness.receive(submitted(), SCREENED)
    with harness.service.db.write() as tx:
        tx.conn.execute(update(BOARD).values(stage="closed"))
    assert rebuilding.run(harness.service)["board"] == 1
    with harness.service.db.read() as tx:
        assert tx.conn.execute(BOARD.select()).one().stage == Stage.SCREENING
    assert since(harness) is None
    harness.close()


def test_a_killed_rebuild_leaves_the_old_numbers_and_the_mark(tmp_path, monkeypatch):
    harness = Harness(SPEC, tmp_path)
    harness.receive(submitted(), SCREENED)

    def rebuild(tx):
        tx.conn.execute(BOARD.delete())
        raise KilledError

    monkeypatch.setattr(models, "rebuild", rebuild)
    with pytest.raises(KilledError):
        rebuilding.run(harness.service)
    assert since(harness) == harness.clock.now()
    with harness.service.db.read() as tx:
        assert len(tx.conn.execute(BOARD.select()).all()) == 1
    monkeypatch.undo()
    rebuilding.run(harness.service)
    assert since(harness) is None
    harness.close()


@needs_chromium
def test_an_open_page_says_it(tmp_path, browser):
    new_issuer(tmp_path)
    harness = Harness(SPEC, tmp_path / "data")
    harness.receive(submitted(), SCREENED)
    with served(tmp_path) as address, walking(browser, "dark", address, "operations") as walk:
        walk.open(f"{address}/")
        with harness.service.db.write() as tx:
            tx.conn.execute(rebuilding.MARKS.insert().values(since="2026-03-02T15:00:00.000000Z"))
        walk.shows("is being rebuilt since 2 Mar 15:00 UTC")
        walk.shows("1\nScreening")
        assert walk.findings() == []
        rebuilding.run(harness.service)
        walk.page.wait_for_function("!document.body.innerText.includes('is being rebuilt')")
    harness.close()
