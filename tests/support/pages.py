"""The pages and files of operations, read as a member of staff reads them; and all their counts held against a recount."""

import csv
import html
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from rso_shared.contracts.vocabulary import Effect
from support import recount
from support.recount import Stored

HEADS = ("Overdue", "Due within a day", "Escalated", "On hold", "Unclaimed")
EVER = "2020-01-01"


@dataclass(slots=True)
class Staff:
    """`role` as it signs in. What was read is kept: the leak search wants it."""

    address: str
    role: str
    read: list[tuple[str, bytes]] = field(default_factory=list)

    def get(self, *paths: str) -> list[str]:
        with httpx.Client(base_url=f"{self.address}/operations", timeout=60) as http:
            http.post("/sign-in", data={"role": self.role})
            answers = [http.get(path) for path in paths]
        assert [answer.status_code for answer in answers] == [200] * len(paths)
        self.read += [(path, answer.content) for path, answer in zip(paths, answers, strict=True)]
        return [answer.text for answer in answers]

    def rows(self, path: str) -> list[dict[str, str]]:
        (text,) = self.get(path)
        return list(csv.DictReader(io.StringIO(text)))


def held_against_the_stores(staff: Staff, events: Sequence[Stored], now: datetime) -> dict[str, int]:
    """Returns how many things were compared, by page. `now`: a case that falls due within the next minute would be a matter of luck."""
    found = recount.cases(events)
    return {
        "today": _today(staff, found, now), "cases": _cases(staff, found), "specialists": _specialists(staff, events),
        "reports": _reports(staff, events, found),
    }  # fmt: skip


def _today(staff: Staff, found: dict[str, recount.Case], now: datetime) -> int:
    wanted = recount.today(found.values(), now)
    page = html.unescape(staff.get("/")[0])
    shown = {f"stage {code}": int(n) for code, n in re.findall(r"\?stage=(\w+)'[^>]*><b>(\d+)</b>", page)}
    for head in HEADS:
        (count,) = re.findall(rf"{head} <b>(\d+)</b>", page)
        shown[head.lower()] = int(count)
    (shown["under way"],) = map(int, re.findall(r"(\d+) under way", page))
    assert {name: count for name, count in shown.items() if count} == {name: c for name, c in wanted.items() if c}
    return len(shown)


INSTANTS = ("in_stage_since", "due_at", "promised_by", "submitted_at", "delivered_at")


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _cases(staff: Staff, found: dict[str, recount.Case]) -> int:
    rows = staff.rows("/cases.csv?stage=all&sort=newest")
    assert len(rows) == len(found)
    for row in rows:
        case = found[row["case_id"]]
        shown = (row["stage"], row["priority"], row["owner"], set(row["held"].split()), row["escalation"])
        assert shown == (case.stage, case.priority, case.owner, case.held, case.escalated), row
        assert (row["program"], row["specialist"]) == (case.program, case.specialist), row
        instants = (case.since, case.due, case.promised, case.submitted, case.delivered[-1] if case.delivered else "")
        assert [_instant(row[name]) for name in INSTANTS] == list(map(_instant, instants)), row
    return len(rows)


NUMBERS = ("open_offers", "assignments", "accepted", "declined", "lapsed", "completed")


def _specialists(staff: Staff, events: Sequence[Stored]) -> int:
    shown = {}
    for row in staff.rows("/specialists.csv?window=365"):
        counts = Counter({name: int(row[name]) for name in NUMBERS if row[name] != "0"})
        if counts:
            shown[row["specialist_id"]] = counts
    wanted = {who: each for who, each in recount.specialists(events).items() if each}
    assert shown == wanted
    return len(shown)


def _reports(staff: Staff, events: Sequence[Stored], found: dict[str, recount.Case]) -> int:
    turnaround = {
        (row["program"], row["stage"]): (
            int(row["cases"]), int(row["p50_seconds"]), int(row["p90_seconds"]), int(row["promised"]),
            float(row["on_time"]) if row["on_time"] else None,
        )
        for row in staff.rows(f"/reports/turnaround.csv?from={EVER}")
    }  # fmt: skip
    assert turnaround == recount.turnaround(found.values())
    ended: Counter[tuple[str, str]] = Counter()
    for row in staff.rows(f"/reports/endings.csv?from={EVER}"):
        ended[row["program"], row["ending"]] += int(row["cases"])
    assert ended == recount.endings(found.values())
    effects = Counter({
        (row["program"], row["about"], effect.value): int(row[effect])
        for row in staff.rows(f"/reports/outcomes.csv?from={EVER}")
        for effect in Effect if int(row[effect])
    })  # fmt: skip
    assert effects == recount.outcomes(found.values())
    return len(turnaround) + len(ended) + len(effects) + _money(staff, events, found)


def _money(staff: Staff, events: Sequence[Stored], found: dict[str, recount.Case]) -> int:
    shown: dict[tuple[str, str], tuple[int, int]] = {}
    for row in staff.rows(f"/reports/honoraria.csv?from={EVER}"):
        for what in ("accrued", "approved"):
            shown[row["program"], what] = (int(row[what]), int(row[f"{what}_minor"]))
    charged: dict[str, Counter[str]] = {}
    for row in staff.rows(f"/reports/revenue.csv?from={EVER}"):
        charged.setdefault(row["program"], Counter()).update(n=int(row["charges"]), minor=int(row["earned_minor"]))
    shown |= {(program, "charged"): (each["n"], each["minor"]) for program, each in charged.items()}
    assert {key: each for key, each in shown.items() if any(each)} == recount.money(events, found)
    return len(shown)
