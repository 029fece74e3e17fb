"""`rso verify`, the cases: one owner, no double assignment, books that balance, stages that follow from the facts."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from rso_coordinator.domain.milestones import Milestones
from rso_coordinator.domain.stages import stage_of
from rso_onebox.datadir import DataDir
from rso_onebox.verify import Check, Fault, Report, on_log, stores
from rso_shared.kit.names import BY_SHORT, HEADS_TOPIC


def _events(data: DataDir, short: str, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(stream, clear data) in the order of the streams."""
    for service, db in stores(data):
        if service == short:
            for row in db.execute("SELECT stream, data FROM events WHERE name = ? ORDER BY stream, version", (name,)):
                yield row["stream"], json.loads(row["data"])


def _facts(data: DataDir, *, leave_out: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """(stored name, fact) as the services put them out, oldest first within each service.

    From the log, which keeps everything; an outbox forgets what was sent. What stands on the log twice is one fact.
    """
    seen: set[str] = set()
    for row in on_log(data):
        headers = json.loads(row["headers"])
        name = headers.get("ce_type", "").removeprefix("rso.").rpartition(".")[0]
        short = name.partition(".")[0]
        if row["topic"] == HEADS_TOPIC or short not in BY_SHORT or short == leave_out or headers["ce_id"] in seen:
            continue
        seen.add(headers["ce_id"])
        yield name, json.loads(row["value"])


def owners(data: DataDir, report: Report) -> Iterator[Fault]:
    """From the first fact on every case has an owner, and it is one."""
    for name, fact in _facts(data):
        report.cases += name == "intake.case_submitted"
        if name in {"intake.case_submitted", "intake.owner_assigned"} and not fact["owner"]:
            yield Fault("owner", f"case {fact['case_id']}", f"{name} names no owner")


def assignments(data: DataDir, _report: Report) -> Iterator[Fault]:
    """Never two active assignments of one case."""
    active: dict[str, set[str]] = defaultdict(set)
    for name, fact in _facts(data):
        if name == "matching.offer_accepted":
            active[fact["case_id"]].add(fact["assignment_id"])
            if len(active[fact["case_id"]]) > 1:
                yield Fault("assignment", f"case {fact['case_id']}", "two assignments are active at once")
        elif name in {"matching.assignment_released", "matching.assignment_completed"}:
            active[fact["case_id"]].discard(fact["assignment_id"])


def books(data: DataDir, _report: Report) -> Iterator[Fault]:
    """Every entry balances in each currency, and so does their sum."""
    for stream, event in _events(data, "billing", "billing.ledger_entry_posted"):
        sums: dict[str, int] = defaultdict(int)
        for posting in event["postings"]:
            sums[posting["amount"]["currency"]] += posting["amount"]["amount_minor"]
        if any(sums.values()):
            yield Fault("ledger", f"billing: {stream} entry {event['entry_id']}", f"does not balance: {dict(sums)}")


def stages(data: DataDir, _report: Report) -> Iterator[Fault]:
    """What the coordinator said last is what the services' facts amount to."""
    milestones: dict[str, Milestones] = defaultdict(Milestones)
    for name, fact in _facts(data, leave_out="coordinator"):
        if "case_id" in fact:
            milestones[fact["case_id"]].apply(name, fact)
    last = {fact["case_id"]: fact["stage"] for name, fact in _facts(data) if name == "coordinator.stage_entered"}
    for case_id, said in sorted(last.items()):
        follows = stage_of(milestones[case_id])
        if said != follows:
            yield Fault("stage", f"case {case_id}", f"the coordinator says {said}, the facts say {follows}")


CASE_CHECKS: tuple[Check, ...] = (owners, assignments, books, stages)
