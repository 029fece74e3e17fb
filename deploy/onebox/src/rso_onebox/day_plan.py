"""What a busy day consists of: how each case goes, in which wave it comes and where it rests. Pure: the same seed, the same day.

Cases come in waves, and the sandbox clock moves between them: who rests in a stage over some waves is late in earnest, because
what was promised has lapsed. The last wave is today.
"""

import csv
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from rso_onebox.made_cases import STATES
from rso_shared.contracts.vocabulary import HoldReason, Priority, Stage

WAVES = (timedelta(), timedelta(days=4), timedelta(days=6), timedelta(days=8))
"""From the first case on. In all less than the follow-up window: what was delivered is not closed by itself meanwhile."""
EVENING = WAVES[-1] + timedelta(hours=5)
TODAY = len(WAVES) - 1
PROGRAMS = ("employer-complex-care", "direct-cancer", "partner-expert-review")
ENDED = (Stage.CLOSED, Stage.DECLINED, Stage.WITHDRAWN, Stage.EXPIRED)
HOSPITALS = 24
STAFF = 6


@dataclass(frozen=True, slots=True)
class Way:
    """`goals`: (wave, the stage that it is brought to in that wave). `red_flag`: it is declined for an answer, not by a clinician."""

    weight: int
    goals: tuple[tuple[int, Stage], ...]
    hold: HoldReason | None = None
    red_flag: bool = False
    program: str | None = None
    """None: any."""


def _rests(wave: int, stage: Stage, weight: int, hold: HoldReason | None = None, program: str | None = None) -> Way:
    return Way(weight, ((wave, stage),), hold, program=program)


def _goes(weight: int, *goals: tuple[int, Stage]) -> Way:
    return Way(weight, goals)


WAYS = (
    _rests(TODAY, Stage.AWAITING_AUTHORIZATION, 8),
    _goes(8, (0, Stage.COMPILING_RECORDS), (1, Stage.DELIVERED)),
    _rests(TODAY, Stage.IN_REVIEW, 7),
    _rests(2, Stage.COMPILING_RECORDS, 6),
    _rests(TODAY, Stage.MATCHING, 5),
    _rests(TODAY, Stage.QUALITY_REVIEW, 5),
    _rests(TODAY, Stage.SUMMARIZING, 4),
    _rests(2, Stage.WITHDRAWN, 4),
    _goes(5, (0, Stage.DELIVERED), (2, Stage.CLOSED)),
    _rests(2, Stage.SUMMARIZING, 4),
    _rests(TODAY, Stage.AWAITING_PAYMENT, 4, program="direct-cancer"),
    _goes(8, (1, Stage.COMPILING_RECORDS), (2, Stage.DELIVERED)),
    _rests(1, Stage.AWAITING_AUTHORIZATION, 5),
    Way(2, ((2, Stage.DECLINED),), red_flag=True),
    _rests(2, Stage.IN_REVIEW, 4),
    _rests(TODAY, Stage.COMPILING_RECORDS, 6),
    _goes(6, (1, Stage.MATCHING), (TODAY, Stage.DELIVERED)),
    _rests(0, Stage.COMPILING_RECORDS, 5),
    _rests(1, Stage.COMPILING_RECORDS, 3, HoldReason.WAITING_FACILITY),
    _rests(2, Stage.MATCHING, 3),
    _rests(1, Stage.IN_REVIEW, 3, HoldReason.FURTHER_TESTING),
    _goes(3, (0, Stage.SUMMARIZING), (TODAY, Stage.DELIVERED)),
    _rests(2, Stage.QUALITY_REVIEW, 3),
    _rests(1, Stage.AWAITING_PAYMENT, 2, HoldReason.PAYMENT, "direct-cancer"),
    _rests(1, Stage.IN_REVIEW, 2),
    _rests(1, Stage.DECLINED, 2),
    _rests(TODAY, Stage.WITHDRAWN, 1),
)
"""In the order in which even a small day takes them."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`declines`: how many specialists say no before one accepts. `owner` None: nobody takes it out of its program's queue."""

    number: int
    way: Way
    program: str
    priority: Priority
    owner: str | None
    condition: tuple[str, str]
    hospital: int
    state: str
    declines: int
    read: bool
    """The patient looks at what was delivered."""

    @property
    def arrives(self) -> int:
        return self.way.goals[0][0]

    def goal(self, wave: int) -> Stage | None:
        """Where it is to be brought in this wave; None: it stays as it is."""
        return dict(self.way.goals).get(wave)


def plan(seed: int, cases: int, conditions: list[tuple[str, str]]) -> list[Plan]:
    """`cases` plans. Each way gets its share; what else is drawn follows from the seed."""
    given: Counter[int] = Counter()
    ways = [_next(given, number) for number in range(cases)]
    draws = (Random(f"{seed}/{cases}/{number}") for number in range(cases))  # noqa: S311 - made-up people need no secrets
    return [_one(number, way, draw, conditions) for number, (way, draw) in enumerate(zip(ways, draws, strict=True))]


def _next(given: Counter[int], number: int) -> Way:
    """Each way once, then the one that is furthest behind its share."""
    whole = sum(way.weight for way in WAYS)
    lack = [way.weight * (number + 1) / whole - given[place] for place, way in enumerate(WAYS)]
    place = number if number < len(WAYS) else lack.index(max(lack))
    given[place] += 1
    return WAYS[place]


def _one(number: int, way: Way, draw: Random, conditions: list[tuple[str, str]]) -> Plan:
    hospital = draw.randrange(HOSPITALS)
    under_way = way.goals[0][1] not in {Stage.AWAITING_AUTHORIZATION, Stage.AWAITING_PAYMENT, Stage.DECLINED}
    return Plan(
        number=number,
        way=way,
        program=way.program or draw.choices(PROGRAMS, (5, 3, 2))[0],
        priority=_priority(way, draw),
        owner=f"nurse-{draw.randrange(STAFF) + 1}" if draw.random() < (0.9 if under_way else 0.4) else None,
        condition=draw.choice(conditions),
        hospital=hospital,
        state=STATES[hospital * 2],
        declines=draw.choices((0, 1, 2), (8, 2, 1))[0],
        read=draw.random() < 0.6,  # noqa: PLR2004 - a share
    )


def _priority(way: Way, draw: Random) -> Priority:
    """Short windows only for those that rest: what has to go on must find its specialist."""
    weights = (8, 2, 1) if len(way.goals) == 1 else (8, 2, 0)
    return draw.choices((Priority.ROUTINE, Priority.EXPEDITED, Priority.URGENT), weights)[0]


def conditions(folder: Path) -> list[tuple[str, str]]:
    """SNOMED codes with their texts, of the table that tells which group a condition belongs to."""
    with (folder / "conditions.csv").open(encoding="utf-8", newline="") as rows:
        return [(row["code"], row["label"]) for row in csv.DictReader(rows) if row["system"] == "snomed"]
