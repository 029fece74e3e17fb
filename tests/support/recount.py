"""What pages and files of operations must count, counted again from the services' own events: by no read model, by no code of theirs."""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

ENDED = {"closed", "declined", "withdrawn", "expired"}
ENDINGS = {f"intake.case_{each}": each for each in ENDED}
CASE_STREAMS = {"case", "coordination", "matching", "opinion", "charge", "honorarium"}
QUERY = "SELECT name, stream, data FROM events ORDER BY stream, version"
"""Of every service's store."""


@dataclass(frozen=True, slots=True)
class Stored:
    name: str
    stream: str
    data: dict[str, Any]

    @classmethod
    def of(cls, row: Sequence[Any]) -> "Stored":
        name, stream, data = row
        return cls(name, stream, json.loads(data))

    @property
    def case_id(self) -> str:
        _, kind, id_, *_ = self.stream.split("/")
        return id_ if kind in CASE_STREAMS else ""


@dataclass(slots=True)
class Case:
    """One case as its events tell. Instants as they are written there."""

    program: str = ""
    stage: str = "submitted"
    since: str = ""
    due: str = ""
    promised: str = ""
    priority: str = "routine"
    owner: str = ""
    held: set[str] = field(default_factory=set)
    escalated: str = ""
    specialist: str = ""
    submitted: str = ""
    delivered: list[str] = field(default_factory=list)
    kept: bool | None = None
    """Its first delivery came no later than the promise that stood."""
    stays: list[tuple[str, str, str]] = field(default_factory=list)
    """(stage, when it was left, since when)"""
    signed: dict[str, Any] = field(default_factory=dict)
    ending: str = ""

    @property
    def open(self) -> bool:
        return self.stage not in {*ENDED, "delivered"}

    def late(self, by: datetime) -> bool:
        return any(at and datetime.fromisoformat(at) < by for at in (self.due, self.promised))


def cases(events: Iterable[Stored]) -> dict[str, Case]:
    found: dict[str, Case] = defaultdict(Case)
    for each in events:
        if each.case_id and each.name in _OF_A_CASE:
            _OF_A_CASE[each.name](found[each.case_id], each)
    return dict(found)


def _submitted(case: Case, event: Stored) -> None:
    data = event.data
    case.program, case.submitted = data["program"]["program_id"], data["submitted_at"]
    case.priority, case.owner = data["priority"], data["owner"]


def _entered(case: Case, event: Stored) -> None:
    stage, at = event.data["stage"], event.data["entered_at"]
    if case.since:
        case.stays.append((case.stage, at, case.since))
    if stage == "delivered":
        if not case.delivered and case.promised:
            case.kept = datetime.fromisoformat(at) <= datetime.fromisoformat(case.promised)
        case.delivered.append(at)
    case.stage, case.since, case.escalated = stage, at, ""


def _waiting(case: Case, event: Stored) -> None:
    case.due = min(
        (one["due"] for one in event.data["waiting_on"] if one["due"]), default="", key=datetime.fromisoformat
    )


def _ended(case: Case, event: Stored) -> None:
    case.ending = case.ending or ENDINGS[event.name]


_OF_A_CASE: dict[str, Any] = {
    "intake.case_submitted": _submitted,
    "intake.owner_assigned": lambda case, event: setattr(case, "owner", event.data["owner"]),
    "intake.priority_changed": lambda case, event: setattr(case, "priority", event.data["priority"]),
    "intake.case_held": lambda case, event: case.held.add(event.data["reason"]),
    "intake.case_resumed": lambda case, event: case.held.discard(event.data["reason"]),
    "coordinator.stage_entered": _entered,
    "coordinator.waiting_changed": _waiting,
    "coordinator.promise_changed": lambda case, event: setattr(case, "promised", event.data["promised_by"] or ""),
    "coordinator.escalation_raised": lambda case, event: setattr(case, "escalated", event.data["reason"]),
    "matching.offer_accepted": lambda case, event: setattr(case, "specialist", event.data["specialist_id"]),
    "matching.assignment_released": lambda case, _: setattr(case, "specialist", ""),
    "opinions.opinion_signed": lambda case, event: case.signed.update(event.data),
    **dict.fromkeys(ENDINGS, _ended),
}


def today(found: Iterable[Case], now: datetime) -> dict[str, int]:
    """The numbers that the page Today has beside its lists and in its pipeline."""
    every, tomorrow = list(found), now + timedelta(days=1)
    mine = [case for case in every if case.open]
    return {
        "under way": len(mine),
        "overdue": sum(case.late(now) for case in mine),
        "due within a day": sum(case.late(tomorrow) and not case.late(now) for case in mine),
        "escalated": sum(bool(case.escalated) for case in mine),
        "on hold": sum(bool(case.held) for case in every if case.stage not in ENDED),
        "unclaimed": sum(not case.owner or case.owner.startswith(("team:", "queue:")) for case in mine),
        **{f"stage {stage}": count for stage, count in Counter(case.stage for case in every).items()},
    }


def turnaround(found: Iterable[Case]) -> dict[tuple[str, str], tuple[int, int, int, int, float | None]]:
    """(program, stage) -> cases, half within, nine of ten within, promised, share on time. As of now, over all time."""
    seconds: dict[tuple[str, str], list[int]] = defaultdict(list)
    kept: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for case in found:
        took = [(stage, _seconds(left, since)) for stage, left, since in case.stays]
        if case.delivered:
            took.append(("submission to delivery", _seconds(case.delivered[0], case.submitted)))
        for program in (case.program, "all programs"):
            for stage, lasted in took:
                seconds[program, stage].append(lasted)
            if case.kept is not None:
                kept[program, "submission to delivery"].append(case.kept)
    return {key: _taken(sorted(lasted), kept[key]) for key, lasted in seconds.items()}


def _seconds(until: str, since: str) -> int:
    return int((datetime.fromisoformat(until) - datetime.fromisoformat(since)) / timedelta(seconds=1))


def _taken(lasted: Sequence[int], kept: Sequence[bool]) -> tuple[int, int, int, int, float | None]:
    half, most = (lasted[math.ceil(len(lasted) * share) - 1] for share in (0.5, 0.9))
    return len(lasted), half, most, len(kept), sum(kept) / len(kept) if kept else None


def endings(found: Iterable[Case]) -> Counter[tuple[str, str]]:
    return Counter((case.program, case.ending) for case in found if case.ending)


def outcomes(found: Iterable[Case]) -> Counter[tuple[str, str, str]]:
    """(program, about, effect) of the opinion that was signed last."""
    counted: Counter[tuple[str, str, str]] = Counter()
    for case in found:
        if case.signed:
            counted[case.program, "diagnosis", case.signed["diagnosis_effect"]] += 1
            counted[case.program, "treatment", case.signed["treatment_effect"]] += 1
    return counted


def money(events: Iterable[Stored], found: dict[str, Case]) -> dict[tuple[str, str], tuple[int, int]]:
    """(program, what) -> how many, and how much in minor units; what: charged, accrued, approved."""
    every = list(events)
    amounts = {
        event.data["honorarium_id"]: event.data["amount"]["amount_minor"] for event in every if event.name == ACCRUED
    }
    counted: dict[tuple[str, str], list[int]] = defaultdict(list)
    for event in every:
        if event.name in _MONEY:
            data = event.data
            minor = data["amount"]["amount_minor"] if "amount" in data else amounts[data["honorarium_id"]]
            counted[found[event.case_id].program, _MONEY[event.name]].append(minor)
    return {key: (len(each), sum(each)) for key, each in counted.items()}


ACCRUED = "billing.honorarium_accrued"
_MONEY = {"billing.charge_captured": "charged", ACCRUED: "accrued", "billing.honorarium_approved": "approved"}


def specialists(events: Iterable[Stored]) -> dict[str, Counter[str]]:
    """Per specialist who was ever asked: open_offers, assignments, and accepted, declined, lapsed, completed. Of all time."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for event in events:
        if event.name in _OFFERS:
            counted[event.data["specialist_id"]].update(_OFFERS[event.name])
    return {who: Counter({name: count for name, count in each.items() if count}) for who, each in counted.items()}


_OFFERS = {
    "matching.case_offered": {"open_offers": 1},
    "matching.offer_accepted": {"open_offers": -1, "assignments": 1, "accepted": 1},
    "matching.offer_declined": {"open_offers": -1, "declined": 1},
    "matching.offer_lapsed": {"open_offers": -1, "lapsed": 1},
    "matching.offer_withdrawn": {"open_offers": -1},
    "matching.assignment_released": {"assignments": -1},
    "matching.assignment_completed": {"assignments": -1, "completed": 1},
}
"""By how much each event changes which number."""
