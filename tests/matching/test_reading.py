"""Pages, looking back, rebuilt read models, mail, and what is kept from sight."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import inspect, select

import rso_matching
from matching.facts import (
    INTERNAL,
    answer_offer,
    assign,
    body,
    code,
    coordinate,
    end_licence,
    offer,
    ready,
    register,
)
from rso_matching.app import SPEC
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.clock import iso
from rso_shared.kit.database import Database
from rso_shared.kit.migrate import migrate
from support.harness import START, Harness


def test_the_name_of_a_specialist_is_logged_when_shown(harness: Harness) -> None:
    specialist = register(harness)
    service = harness.client(Role.SERVICE, "opinions")
    person = service.get(f"{INTERNAL}/specialists/{specialist}/person", purpose="render_report", about_case="case-1")
    assert (person.json()["given"], person.json()["family"]) == ("Specialist", "0001")
    [entry] = harness.service.access_log.entries()
    assert (entry.person_id, entry.case_id, entry.purpose) == (specialist, "case-1", "render_report")
    staff = harness.client(Role.OPERATIONS)
    assert staff.get(f"/v1/specialists/{specialist}").json()["identity"] is None
    assert len(harness.service.access_log.entries()) == 1
    assert staff.get(f"/v1/specialists/{specialist}", purpose="care").json()["identity"]["family"] == "0001"
    assert len(harness.service.access_log.entries()) == 2


def test_offers_and_notices_are_mailed_once(harness: Harness, tmp_path: Path) -> None:
    specialist = register(harness)
    ready(harness)
    coordinate(harness, "/cases/case-1/matching")
    offer(harness)
    offer(harness)
    asked = {"specialist_id": specialist, "template": "review_heads_up", "key": "review/50"}
    first = coordinate(harness, "/cases/case-1/notices", asked)
    assert coordinate(harness, "/cases/case-1/notices", asked) == first
    assert harness.service.mail is not None
    harness.service.mail.send_pending()
    mails = sorted(path.read_text() for path in (tmp_path / "mail").glob("*.eml"))
    assert len(mails) == 2
    assert all("specialist0001@example.org" in text and "4321" in text for text in mails)


def test_what_is_stored_in_the_clear_names_nobody(harness: Harness, tmp_path: Path) -> None:
    register(harness)
    ready(harness)
    assign(harness)
    harness.close()
    raw = b"".join(path.read_bytes() for path in tmp_path.glob("store.db*"))
    for secret in (b"specialist0001@example.org", b"MA-1", b"1000000"):
        assert secret not in raw


def test_one_npi_is_one_specialist(harness: Harness) -> None:
    register(harness, 1)
    answer = harness.client(Role.OPERATIONS).post("/v1/specialists", body(1))
    assert code(answer) == (409, "npi_already_registered")


def test_as_of(harness: Harness) -> None:
    specialist = register(harness)
    ready(harness)
    before = iso(harness.clock.now())
    harness.clock.set(START + timedelta(hours=1))
    assign(harness)
    harness.client(Role.OPERATIONS).post(f"/v1/specialists/{specialist}/capacity", {"capacity": 9})
    desk = harness.client(Role.CARE_COORDINATOR)
    path = "/v1/cases/case-1/assignment"
    assert desk.get(path, as_of=before).json()["state"] == "not_started"
    assert desk.get(path).json()["state"] == "assigned"
    assert code(desk.get("/v1/cases/case-1/match-decision", as_of=before)) == (404, "match_decision_unknown")
    assert desk.get(f"/v1/specialists/{specialist}", as_of=before).json()["capacity"] == 3
    (made,) = desk.get("/v1/offers").json()["offers"]
    for present in ("/v1/offers", f"/v1/offers/{made['offer_id']}", "/v1/specialists"):
        assert code(desk.get(present, as_of=before)) == (400, "as_of_not_supported")


def test_pages(harness: Harness) -> None:
    ids = sorted(register(harness, index) for index in range(1, 6))
    staff = harness.client(Role.OPERATIONS)
    first = staff.get("/v1/specialists", limit=3, condition_group="breast_cancer").json()
    rest = staff.get("/v1/specialists", limit=3, cursor=first["next_cursor"]).json()
    assert [one["specialist_id"] for one in first["specialists"] + rest["specialists"]] == ids
    assert rest["next_cursor"] is None
    assert staff.get("/v1/specialists", condition_group="spine").json()["specialists"] == []


def test_pages_of_offers(harness: Harness) -> None:
    specialist = register(harness)
    for number in range(5):
        ready(harness, f"case-{number}")
        coordinate(harness, f"/cases/case-{number}/matching")
        offer(harness, f"case-{number}")
    mine = harness.client(Role.SPECIALIST, specialist)
    first = mine.get("/v1/offers", limit=3).json()
    rest = mine.get("/v1/offers", limit=3, cursor=first["next_cursor"]).json()
    assert len({one["offer_id"] for one in first["offers"] + rest["offers"]}) == 5
    assert code(mine.get("/v1/offers", cursor="nonsense")) == (400, "cursor_invalid")


def test_rebuild_equals_live(harness: Harness) -> None:
    register(harness, 1)
    register(harness, 2)
    ready(harness)
    first = assign(harness)
    answer_offer(harness, offer(harness, backup=True), "decline", {"reason": "personal"})
    end_licence(harness, first["specialist_id"])
    before = _rows(harness)
    harness.rebuild()
    assert _rows(harness) == before


def _rows(harness: Harness) -> dict[str, list[tuple[object, ...]]]:
    with harness.service.db.read() as tx:
        return {
            table.name: sorted(map(tuple, tx.conn.execute(select(table)).all()), key=repr)
            for table in SPEC.metadata.sorted_tables
        }


def test_the_migration_makes_the_tables_of_the_code(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'store.db'}")
    assert migrate(db, Path(rso_matching.__file__).parent / "migrations" / "versions")
    with db.read() as tx:
        found = inspect(tx.conn)
        for table in SPEC.metadata.sorted_tables:
            assert {one["name"] for one in found.get_columns(table.name)} == set(table.columns.keys())
            assert {one["name"] for one in found.get_indexes(table.name)} == {one.name for one in table.indexes}
    db.close()
