"""Honoraria and the books over HTTP."""

import pytest

from billing.scene import CASE, INTERNAL, accepted, balanced, known, ok, refused
from rso_billing.app import SPEC
from rso_shared.contracts import billing as facts
from rso_shared.contracts.vocabulary import (
    CoverageRoute,
    Role,
)
from support.harness import Harness


@pytest.fixture
def billing(tmp_path):
    harness = Harness(SPEC, tmp_path)
    yield harness
    harness.close()


def test_honoraria_are_accrued_seen_and_approved(billing):
    known(billing)
    service, finance = billing.client(Role.SERVICE), billing.client(Role.FINANCE)
    accrual = {"specialist_id": "spec-1"}
    refused(service.post(f"{INTERNAL}/honorarium", accrual), 503, "not_yet_known")
    billing.receive(accepted(), accepted("spec-2"))
    honorarium = ok(service.post(f"{INTERNAL}/honorarium", accrual), 201)
    ok(service.post(f"{INTERNAL}/honorarium", {"specialist_id": "spec-2"}), 201)
    assert balanced(billing) == {"honoraria_expense": 100_000, "honoraria_payable": -100_000}
    assert len(ok(finance.get("/v1/honoraria", case_id=CASE))["honoraria"]) == 2
    (mine,) = ok(billing.client(Role.SPECIALIST, "spec-1").get("/v1/honoraria"))["honoraria"]
    assert mine["specialist_id"] == "spec-1"
    approval = f"/v1/honoraria/{honorarium['honorarium_id']}/approval"
    for _ in range(2):
        assert ok(finance.post(approval))["status"] == "approved"
    assert len(billing.facts(facts.HonorariumApproved)) == 1
    assert len(ok(finance.get("/v1/honoraria", status="accrued"))["honoraria"]) == 1
    assert len(ok(finance.get("/v1/honoraria", status="approved"))["honoraria"]) == 1
    refused(finance.post("/v1/honoraria/none/approval"), 404, "honorarium_unknown")


def test_pages_of_honoraria(billing):
    known(billing)
    specialists = [f"spec-{n}" for n in range(1, 6)]
    billing.receive(*map(accepted, specialists))
    service, finance = billing.client(Role.SERVICE), billing.client(Role.FINANCE)
    made = [
        ok(service.post(f"{INTERNAL}/honorarium", {"specialist_id": who}), 201)["honorarium_id"] for who in specialists
    ]
    ok(finance.post(f"/v1/honoraria/{made[0]}/approval"))
    assert sorted(paged(finance)) == sorted(made)
    assert paged(finance) == paged(finance, case_id=CASE)
    assert sorted(paged(finance, status="accrued")) == sorted(made[1:])
    assert paged(finance, status="approved") == made[:1]
    assert paged(billing.client(Role.SPECIALIST, "spec-3")) == [made[2]]
    refused(finance.get("/v1/honoraria", cursor="forged"), 422, "cursor_invalid")
    assert finance.get("/v1/honoraria", limit=501).status_code == 422


def paged(client, **filters):
    """Ids of all pages of two."""
    found, more = [], {}
    while True:
        page = ok(client.get("/v1/honoraria", limit=2, **filters, **more))
        assert len(page["honoraria"]) <= 2
        found += [one["honorarium_id"] for one in page["honoraria"]]
        if page["next_cursor"] is None:
            return found
        more = {"cursor": page["next_cursor"]}


def test_a_rebuild_gives_the_same_books(billing):
    known(billing, CoverageRoute.PLAN)
    billing.receive(accepted())
    service, finance = billing.client(Role.SERVICE), billing.client(Role.FINANCE)
    for path in ("quote", "charge-capture", "invoice"):
        service.post(f"{INTERNAL}/{path}")
    honorarium = ok(service.post(f"{INTERNAL}/honorarium", {"specialist_id": "spec-1"}), 201)
    ok(finance.post(f"/v1/honoraria/{honorarium['honorarium_id']}/approval"))
    paths = (("/v1/ledger/entries", {"case_id": CASE}), ("/v1/honoraria", {}))
    before = [ok(finance.get(path, **query)) for path, query in paths]
    assert len(before[0]["lines"]) == 4
    billing.rebuild()
    assert [ok(finance.get(path, **query)) for path, query in paths] == before
