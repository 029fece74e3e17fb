"""A program: one document, version after version. Running cases keep the version they were submitted under."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rso_shared.contracts.program import Program
from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import DomainError, invalid
from rso_shared.kit.events import event


@event("intake.program_published")
class ProgramPublished:
    program: Program
    published_at: datetime


@dataclass(frozen=True, slots=True)
class ProgramVersions:
    versions: tuple[Program, ...] = ()

    def version(self, number: int) -> Program | None:
        return next((program for program in self.versions if program.version == number), None)

    def in_force(self, at: datetime) -> Program:
        """The newest version whose day has come, by the program's own calendar."""
        effective = [program for program in self.versions if program.effective_from <= local_date(program, at)]
        if not self.versions:
            raise invalid("program_unknown", "There is no such program.", "/program_id")
        if not effective:
            starts = self.versions[0].effective_from
            raise invalid("program_not_effective", "The program has not started yet.", "/program_id", starts=starts)
        return effective[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishProgram:
    program: Program
    now: datetime


def local_date(program: Program, at: datetime) -> date:
    return at.astimezone(ZoneInfo(program.calendar.time_zone)).date()


def decide(command: PublishProgram, state: ProgramVersions) -> Sequence[ProgramPublished]:
    program = command.program
    if program in state.versions:
        return ()
    latest = state.versions[-1] if state.versions else None
    expected = latest.version + 1 if latest else 1
    if program.version != expected:
        detail = "Versions of a program follow one another without a gap; read the latest and add one."
        raise DomainError("program_version_taken", detail, pointer="/version", expected_version=expected)
    _require_known_zone(program)
    if latest:
        _require_successor(program, latest)
    return (ProgramPublished(program=program, published_at=command.now),)


def _require_known_zone(program: Program) -> None:
    try:
        ZoneInfo(program.calendar.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        detail = "The time zone is not one of the IANA database."
        raise invalid("time_zone_unknown", detail, "/calendar/time_zone") from None


def _require_successor(program: Program, latest: Program) -> None:
    if program.organisation_id != latest.organisation_id:
        detail = "The owner of a program stands in every stream of its cases and cannot change."
        raise invalid("program_owner_fixed", detail, "/organisation_id")
    if program.effective_from < latest.effective_from:
        detail = "A later version cannot take effect before an earlier one."
        raise invalid("effective_date_out_of_order", detail, "/effective_from", not_before=latest.effective_from)


def evolve(state: ProgramVersions, event: object) -> ProgramVersions:
    if not isinstance(event, ProgramPublished):
        return state
    return replace(state, versions=(*state.versions, event.program))


PROGRAM: Decider[ProgramVersions, PublishProgram, ProgramPublished] = Decider(ProgramVersions, decide, evolve)
