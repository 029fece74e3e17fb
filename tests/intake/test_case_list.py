"""The rows of the list: brought over from the first schema, written live and rebuilt, they say the same."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, select, text

import rso_intake
from intake.conftest import Desk
from rso_intake.case_list import CASE_LIST
from rso_shared.contracts import coordinator
from rso_shared.contracts.vocabulary import Role, Stage
from rso_shared.kit import migrate
from rso_shared.kit.database import Database
from rso_shared.kit.tables import PARTIES
from support.harness import START

VERSIONS = Path(rso_intake.__file__).parent / "migrations" / "versions"
FIRST = {
    "case_id": "c1", "organisation_id": "sponsor", "program_id": "p", "program_version": 1, "person_id": "who",
    "client_reference": "order-1", "reference_number": "1234567890", "lifecycle": "open", "priority": "routine",
    "owner": "queue:intake", "condition_group": "cancer", "country": "US", "state": "MA", "submitted_at": "2026-01",
    "updated_at": "2026-02",
}  # fmt: skip
GRANTS = (
    ("partner", "", "clinic", True),
    ("sponsor", "", "clinic", True),
    ("patient", "ada", "", True),
    ("local_provider", "doc", "", False),
    ("specialist", "expert", "", True),
)


def test_cases_of_the_first_schema_are_listed_for_whoever_may_see_them(tmp_path: Path) -> None:
    first = tmp_path / "first" / "versions"
    first.mkdir(parents=True)
    (first / "intake_0001.py").write_text((VERSIONS / "intake_0001.py").read_text())
    db = Database(f"sqlite:///{tmp_path / 'store.db'}")
    migrate.migrate(db, first)
    with db.write() as tx:
        names = ", ".join(FIRST)
        tx.conn.execute(text(f"INSERT INTO cases ({names}) VALUES ({', '.join(f':{name}' for name in FIRST)})"), FIRST)
        tx.conn.execute(text("INSERT INTO case_stages VALUES ('c1', 'in_review', '2026-03')"))
        for role, subject, organisation, granted in GRANTS:
            who = {"role": role, "subject": subject, "organisation_id": organisation, "granted": granted}
            tx.conn.execute(insert(PARTIES).values(case_id="c1", **who))
    assert migrate.migrate(db, VERSIONS)
    with db.read() as tx:
        rows = tx.conn.execute(select(CASE_LIST).order_by(CASE_LIST.c.viewer)).all()
    assert [row.viewer for row in rows] == ["", "organisation/clinic", "patient/ada"]
    assert {(row.reference_last_four, row.client_reference, row.stage, row.changed_at) for row in rows} == {
        ("7890", "order-1", "in_review", "2026-03")
    }
    db.close()


def listed(desk: Desk) -> list[object]:
    with desk.service.db.read() as tx:
        return list(tx.conn.execute(select(CASE_LIST).order_by(CASE_LIST.c.case_id, CASE_LIST.c.viewer)).all())


def test_a_rebuild_shows_the_same_rows_with_their_stages(desk: Desk) -> None:
    opened = [desk.open(desk.partner, terms=None, client_reference=f"order-{number}") for number in range(3)]
    early, late = START - timedelta(hours=1), START + timedelta(hours=1)
    for case, at in zip(opened, (early, late), strict=False):
        desk.receive(coordinator.StageEntered(case_id=case["case_id"], stage=Stage.SCREENING, entered_at=at))
    joining = {"reference_number": opened[1]["reference_number"], "role": "patient"}
    joined = desk.client(Role.PATIENT, "somebody").post("/v1/case-joins", joining)
    assert joined.status_code == 201, joined.text
    (row,) = desk.client(Role.PATIENT, "somebody").get("/v1/cases").json()["items"]
    assert (row["case_id"], row["stage"]) == (opened[1]["case_id"], "screening"), "who comes later sees what there is"
    before = listed(desk)
    desk.rebuild()
    assert listed(desk) == before
    desk.receive(coordinator.StageEntered(case_id=opened[2]["case_id"], stage=Stage.DECLINED, entered_at=late))
    assert len(desk.partner.get("/v1/cases", stage="declined").json()["items"]) == 1
