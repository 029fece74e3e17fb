"""Ladders: which rung is due next. Pure functions of policy, instants and what already fired. Numbers are domain.md A.5's."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Rung:
    """At `due`, `effect` happens. `rung` is unique within its deadline, so that it happens once."""

    rung: str
    due: datetime
    effect: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """One record request that its facility has not fulfilled."""

    request_id: str
    sent_at: datetime
    attempt: int = 1

    def step(self, name: str) -> str:
        """Sent again, a request is chased anew: its steps have other names than those of the first time."""
        again = f"_{self.attempt}" if self.attempt > 1 else ""
        return f"{self.request_id}{again}_{name}"


def next_rung(ladder: Iterable[Rung], fired: Collection[str]) -> Rung | None:
    """The earliest rung that has not fired; by name where two are due at the same instant."""
    waiting = [rung for rung in ladder if rung.rung not in fired]
    return min(waiting, key=lambda rung: (rung.due, rung.rung), default=None)


def reminders(since: datetime, after: Iterable[timedelta], expire_after: timedelta) -> list[Rung]:
    """Authorization, participation and payment: remind, then give up."""
    ladder = [Rung(f"reminder_{number}", since + delay, "remind") for number, delay in enumerate(after, 1)]
    return [*ladder, Rung("expiry", since + expire_after, "expire")]


def review(
    accepted: datetime, due: datetime, heads_up_percent: Iterable[int], overdue_after: Iterable[timedelta]
) -> list[Rung]:
    """Heads-up at shares of the window, then the overdue steps: remind, tell the supervisor, offer a backup in parallel."""
    window = due - accepted
    ladder = [
        Rung(f"heads_up_{percent}", accepted + window * percent / 100, "heads_up") for percent in heads_up_percent
    ]
    effects = ("overdue_notice", "overdue_supervisor", "overdue_backup")
    overdue = [
        Rung(f"overdue_{number}", due + delay, effects[min(number - 1, len(effects) - 1)])
        for number, delay in enumerate(overdue_after, 1)
    ]
    return [*ladder, *overdue]


def records(
    entered: datetime,
    requests: Iterable[OpenRequest],
    *,
    follow_up: timedelta,
    escalate: timedelta,
    call: timedelta,
    decide: timedelta,
) -> list[Rung]:
    """Per open request: follow up, follow up and escalate, follow up and ask for a call.

    For the whole file one escalation that asks to waive, re-request or hold.
    """
    ladder = [Rung("decide", entered + decide, "escalate_records")]
    for request in requests:
        steps = (("follow_up", follow_up), ("escalate", escalate), ("call", call))  # each is also what the rung does
        ladder += [
            Rung(request.step(name), request.sent_at + delay, f"{name}_request", request.request_id)
            for name, delay in steps
        ]
    return ladder


def first_contact(due: datetime) -> list[Rung]:
    """A case that is still in its program's queue at this instant has been contacted by nobody."""
    return overdue_once(due, "care_coordinator")


def overdue_once(due: datetime, to: str) -> list[Rung]:
    """One escalation when the promise of a step is broken; not one per sweep."""
    return [Rung("overdue", due, "escalate", to)]
