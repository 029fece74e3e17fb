"""Cases, money, mail and workflows: each case in its one right state, each effect once."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rso_cluster.audit_model import Counts, Evidence, Finding, Kind, Store

DELIVERED = "delivered"
ESCALATION = "escalation"
ENDINGS = frozenset({"intake.case_closed", "intake.case_declined", "intake.case_withdrawn", "intake.case_expired"})
OF_A_CASE = frozenset({"case", "authorization", "opinion"})
ONCE = frozenset({
    "intake.case_submitted", "intake.eligibility_confirmed", "intake.questions_frozen", "intake.authorization_requested",
    "intake.authorization_signed", "records.compilation_started", "records.record_set_accepted", "records.case_summary_signed",
    "matching.matching_started", "matching.assignment_completed", "opinions.opinion_signed", "opinions.opinion_released",
    "billing.fee_quoted", "billing.payment_captured", "billing.charge_captured", "billing.invoice_issued",
    "billing.honorarium_accrued",
})  # fmt: skip
"""Of a case that was played straight through: each of these, and each once."""


@dataclass(slots=True)
class Life:
    """What the stored events say of one case."""

    times: Counter[str] = field(default_factory=Counter)
    stages: list[str] = field(default_factory=list)
    rungs: Counter[tuple[str, str]] = field(default_factory=Counter)
    escalated: set[tuple[str, str]] = field(default_factory=set)
    reminders: list[str] = field(default_factory=list)
    """When the timers of the steps before the records fired that remind."""
    mailed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(role, template) -> mails that were asked for."""
    signed: str = ""

    @property
    def stage(self) -> str:
        return self.stages[-1] if self.stages else ""

    @property
    def over(self) -> bool:
        return any(self.times[name] for name in ENDINGS)


def lives(evidence: Evidence) -> dict[str, Life]:
    found: dict[str, Life] = defaultdict(Life)
    for store in evidence.stores.values():
        for stream, name, data in _events(store, "1 = 1"):
            if case_id := data.get("case_id") or _case_of(stream):
                life = found[case_id]
                life.times[name] += 1
                if name == "coordinator.stage_entered":
                    life.stages.append(data["stage"])
                elif name == "coordinator.rung_fired":
                    life.rungs[data["deadline"], data["rung"]] += 1
                    if data["rung"].startswith("reminder_"):
                        life.reminders.append(data["fired_at"])
                elif name == "intake.authorization_signed":
                    life.signed = life.signed or data["signed_at"]
                elif name == "coordinator.escalation_raised":
                    life.escalated.add((data["to"], data["reason"]))
                elif name == "intake.notice_requested":
                    life.mailed[data["role"], data["template"]] += 1
    return found


def _case_of(stream: str) -> str:
    """Streams that are a case's own carry its id as theirs: {organisation}/{aggregate}/{id}."""
    _, aggregate, rest = stream.split("/", 2)
    return rest.partition("/")[0] if aggregate in OF_A_CASE else ""


def _events(store: Store, where: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    query = f"SELECT stream, name, data FROM events WHERE {where} ORDER BY stream, version"
    for stream, name, data in store.rows(query):
        yield stream, name, json.loads(data)


def cases(evidence: Evidence, counts: Counts) -> Iterator[Finding]:
    found = lives(evidence)
    known = {case_id: life for case_id, life in found.items() if life.times["intake.case_submitted"]}
    counts.cases = len(known)
    counts.delivered = sum(life.stage == DELIVERED for life in known.values())
    for case_id in sorted(evidence.wanted - set(known)):
        yield Finding(Kind.LOST, "case", f"case {case_id}", "was accepted, and no store has it")
    for case_id, life in sorted(found.items()):
        yield from _life(f"case {case_id}", life, wanted=case_id in evidence.wanted)


def _life(place: str, life: Life, *, wanted: bool) -> Iterator[Finding]:
    if not life.times["intake.case_submitted"]:
        yield Finding(Kind.LOST, "case", place, "services know it, and nobody submitted it")
    if wanted and life.stage != DELIVERED:
        yield Finding(Kind.STUCK, "case", place, f"ended in stage {life.stage or 'submitted'}, not delivered")
    yield from _effects(place, life)
    for before, after in zip(life.stages, life.stages[1:], strict=False):
        if before == after:
            yield Finding(Kind.DUPLICATED, "stage", place, f"entered {after} twice in a row")
    for (deadline, rung), times in life.rungs.items():
        if times > 1:
            yield Finding(Kind.DUPLICATED, "rung", place, f"{deadline} {rung} fired {times} times")
    yield from _pages(place, life)


def _pages(place: str, life: Life) -> Iterator[Finding]:
    """Each reason for an escalation asks for one mail to the desk it is for, and no such mail goes out for anything else."""
    reasons = Counter(desk for desk, _ in life.escalated)
    told = {role for role, template in life.mailed if template == ESCALATION}
    for desk in sorted({*reasons, *told}):
        raised, asked = reasons[desk], life.mailed[desk, ESCALATION]
        if raised != asked:
            kind = Kind.LOST if asked < raised else Kind.DUPLICATED
            yield Finding(kind, "escalation", place, f"raised {raised} times for {desk}, which was told {asked} times")


def _effects(place: str, life: Life) -> Iterator[Finding]:
    for name in sorted(ONCE):
        if life.times[name] > 1:
            yield Finding(Kind.DUPLICATED, "effect", place, f"{name} {life.times[name]} times")
        elif life.stage == DELIVERED and not life.times[name]:
            yield Finding(Kind.LOST, "effect", place, f"delivered without {name}")
    accepted, released = life.times["matching.offer_accepted"], life.times["matching.assignment_released"]
    if life.stage == DELIVERED and accepted - released != 1:
        yield Finding(Kind.DUPLICATED, "assignment", place, f"{accepted} accepted, {released} released")


def stages(evidence: Evidence, _counts: Counts) -> Iterator[Finding]:
    """What the other services show is what the coordinator said last."""
    said = {case_id: life.stage for case_id, life in lives(evidence).items() if life.stages}
    for short, table in (("intake", "case_stages"), ("operations", "board")):
        if short not in evidence.stores:
            continue
        shown = dict(evidence.stores[short].rows(f"SELECT case_id, stage FROM {table}"))
        for case_id, stage in sorted(said.items()):
            if shown.get(case_id) != stage:
                what = f"shows {shown.get(case_id)}, the coordinator said {stage}"
                yield Finding(Kind.LOST, "stage", f"{short}: case {case_id}", what)


def money(evidence: Evidence, counts: Counts) -> Iterator[Finding]:
    """Each entry balances, no entry stands twice, and the sum of all postings is nothing in every currency."""
    if "billing" not in evidence.stores:
        return
    entries: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for _, name, data in _events(evidence.stores["billing"], "name LIKE 'billing.%'"):
        counts.charges += name == "billing.charge_captured"
        counts.honoraria += name == "billing.honorarium_accrued"
        if name != "billing.ledger_entry_posted":
            continue
        entries[data["entry_id"]] += 1
        sums: Counter[str] = Counter()
        for posting in data["postings"]:
            sums[posting["amount"]["currency"]] += posting["amount"]["amount_minor"]
        total.update(sums)
        if any(sums.values()):
            yield Finding(
                Kind.CHANGED, "ledger", f"billing: entry {data['entry_id']}", f"does not balance: {dict(sums)}"
            )
    counts.trial_balance = dict(total)
    for entry_id, times in entries.items():
        if times > 1:
            yield Finding(Kind.DUPLICATED, "ledger", f"billing: entry {entry_id}", f"posted {times} times")


def mail(evidence: Evidence, counts: Counts) -> Iterator[Finding]:
    """Each notice asked for once, marked once, and in the post once."""
    asked, sent = Counter[str](), Counter[str]()
    for short, store in evidence.stores.items():
        for _, name, data in _events(store, f"name LIKE '{short}.notice_%'"):
            (asked if name.endswith("requested") else sent)[data["notice_id"]] += 1
    posted = Counter(message_id.strip("<>").split("@")[0] for message_id, _ in evidence.mails)
    counts.mails = len(evidence.mails)
    for notice_id in sorted(set(asked) | set(sent) | set(posted)):
        place = f"notice {notice_id}"
        if not asked[notice_id]:
            yield Finding(Kind.DUPLICATED, "mail", place, "in the post, and nobody asked for it")
        elif not posted[notice_id]:
            yield Finding(Kind.LOST, "mail", place, "asked for and never in the post")
        elif not sent[notice_id]:
            yield Finding(Kind.STUCK, "mail", place, "in the post, and not marked as sent")
        if max(asked[notice_id], sent[notice_id], posted[notice_id]) > 1:
            what = (
                f"asked for {asked[notice_id]} times, marked {sent[notice_id]} times, posted {posted[notice_id]} times"
            )
            yield Finding(Kind.DUPLICATED, "mail", place, what)


def workflows(evidence: Evidence, counts: Counts) -> Iterator[Finding]:
    """Each open case has its one open workflow, which is at rest until a person or a timer is heard; a case that is over has none."""
    if evidence.workflows is None:
        return
    counts.workflows = len(evidence.workflows)
    running = Counter(each.workflow_id.removeprefix("case/") for each in evidence.workflows)
    known = {case_id: life for case_id, life in lives(evidence).items() if life.times["intake.case_submitted"]}
    for case_id, life in sorted(known.items()):
        if life.over and running[case_id]:
            yield Finding(Kind.STUCK, "workflow", f"case {case_id}", "is over, and its workflow is still open")
        elif not life.over and not running[case_id]:
            yield Finding(Kind.LOST, "workflow", f"case {case_id}", "is open, and no workflow waits for it")
        elif running[case_id] > 1:
            yield Finding(Kind.DUPLICATED, "workflow", f"case {case_id}", f"{running[case_id]} open workflows")
    for case_id in sorted(set(running) - set(known)):
        yield Finding(Kind.DUPLICATED, "workflow", case_id, "an open workflow of no case")
    for each in evidence.workflows:
        if each.under_way:
            yield Finding(Kind.STUCK, "workflow", each.workflow_id, f"does not get on: {each.under_way}")
