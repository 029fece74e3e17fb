"""The worklist page by page: everything once, most urgent first, whoever asks."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from rso_opinions.app import SPEC
from rso_opinions.projections import REVIEWS
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.clock import iso
from support.harness import START, Harness

DUE = {"c": 0, "a": 1, "b": 1, "e": 1, "d": 2}
"""Hours until each case's review is due, most urgent first; three at the same instant."""
RELEASED, OTHERS = ("c", "b"), ("e",)


@pytest.fixture
def opinions(tmp_path):
    harness = Harness(SPEC, tmp_path)
    with harness.service.db.write() as tx:
        tx.conn.execute(insert(REVIEWS).values([row(case_id) for case_id in sorted(DUE)]))
    yield harness
    harness.close()


def row(case_id):
    return {
        "case_id": case_id,
        "state": "released" if case_id in RELEASED else "drafting",
        "assignment_id": f"assignment-{case_id}",
        "specialist_id": "dr-two" if case_id in OTHERS else "dr-one",
        "due_at": iso(START + timedelta(hours=DUE[case_id])),
        "opinion_version": 1,
        "revisions": 0,
        "changed_at": iso(START),
    }


def paged(client, **filters):
    found, more = [], {}
    while True:
        page = client.get("/v1/reviews", limit=2, **filters, **more).json()
        assert len(page["reviews"]) <= 2
        found += [one["case_id"] for one in page["reviews"]]
        if page["next_cursor"] is None:
            return found
        more = {"cursor": page["next_cursor"]}


def test_every_review_stands_on_one_page(opinions):
    reviewer, writer = opinions.client(Role.QUALITY_REVIEWER), opinions.client(Role.SPECIALIST, "dr-one")
    assert paged(reviewer) == list(DUE)
    assert paged(reviewer, state="drafting") == ["a", "e", "d"]
    assert paged(writer) == ["c", "a", "b", "d"]
    assert paged(writer, state="released") == ["c", "b"]
    assert len(reviewer.get("/v1/reviews").json()["reviews"]) == len(DUE)


def test_a_cursor_comes_from_this_list(opinions):
    reviewer = opinions.client(Role.QUALITY_REVIEWER)
    assert reviewer.get("/v1/reviews", cursor="forged").json()["code"] == "cursor_invalid"
    assert reviewer.get("/v1/reviews", limit=201).status_code == 422
