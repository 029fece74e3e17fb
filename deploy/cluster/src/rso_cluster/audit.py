"""The auditor: proves from the stored tables, the log, the mails and Temporal that nothing was lost, doubled, changed or left hanging.

It shares no code with the services. What it knows of them is what is written down: table and topic names, the order in which
an event's fields are hashed, and which events a case that was played straight through has.
"""

import email
import email.policy
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rso_cluster import audit_cases, audit_events, audit_reminders
from rso_cluster.audit_model import Check, Counts, Evidence, Finding, Kind

CHECKS: tuple[Check, ...] = (
    audit_events.chains, audit_events.publication, audit_events.order, audit_events.consumption, audit_events.parked,
    audit_events.witnessed, audit_cases.cases, audit_cases.stages, audit_cases.money, audit_cases.mail,
    audit_cases.workflows, audit_reminders.reminders,
)  # fmt: skip
SHOWN = 50
"""Findings that are told one by one; all are counted."""


@dataclass(frozen=True, slots=True)
class Verdict:
    findings: Sequence[Finding]
    counts: Counts

    @property
    def clean(self) -> bool:
        return not self.findings

    def as_json(self) -> dict[str, Any]:
        found = Counter(finding.kind for finding in self.findings)
        counts = asdict(self.counts)
        head = {name: counts.pop(name) for name in ("cases", "delivered")}
        return {
            **head,
            **{kind.value: found[kind] for kind in Kind},
            **counts,
            "findings": [finding.line() for finding in self.findings[:SHOWN]],
        }


def audit(evidence: Evidence) -> Verdict:
    counts = Counts()
    findings = [finding for check in CHECKS for finding in check(evidence, counts)]
    return Verdict(findings, counts)


def mails_of(folder: Path) -> Iterator[tuple[str, str]]:
    """(Message-ID, file name) of every mail in a folder."""
    for file in sorted(folder.glob("*.eml")):
        yield str(email.message_from_bytes(file.read_bytes(), policy=email.policy.default)["Message-ID"]), file.name
