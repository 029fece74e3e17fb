"""The case: several small state machines in one stream, each in its own module. There is no one status."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import singledispatch

from rso_intake.domain import (
    authorization,
    condition,
    consent,
    eligibility,
    lifecycle,
    participation,
    questions,
    submission,
    triage,
)
from rso_intake.domain.authorization import Authorizations
from rso_intake.domain.condition import Coded
from rso_intake.domain.consent import Consents
from rso_intake.domain.eligibility import Eligibility
from rso_intake.domain.lifecycle import Lifecycle
from rso_intake.domain.participation import Parties
from rso_intake.domain.person import CaseDetails, Condition, LocalProvider, Question
from rso_intake.domain.questions import Questions
from rso_intake.domain.screening import Applicant
from rso_intake.domain.triage import Triage
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.decider import Decider
from rso_shared.kit.errors import DomainError, unknown

AUTHORIZATION = "authorization"
PARTICIPATION = "participation"
OBLIGATIONS = frozenset({AUTHORIZATION, PARTICIPATION})


@dataclass(frozen=True, slots=True)
class Case:
    opened: submission.CaseSubmitted | None = None
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    triage: Triage = field(default_factory=Triage)
    eligibility: Eligibility = field(default_factory=Eligibility)
    consents: Consents = field(default_factory=Consents)
    authorizations: Authorizations = field(default_factory=Authorizations)
    parties: Parties = field(default_factory=Parties)
    questions: Questions = field(default_factory=Questions)
    coded: Coded = field(default_factory=Coded)

    @property
    def submitted(self) -> submission.CaseSubmitted:
        if self.opened is None:
            raise unknown("case_unknown", "There is no such case.")
        return self.opened

    def details(self) -> CaseDetails:
        return self.submitted.details.open()

    def condition(self) -> Condition:
        return self.coded.coded.open() if self.coded.coded else self.details().condition

    def question_texts(self) -> tuple[Question, ...]:
        revised = self.questions.revised_texts()
        return self.details().questions if revised is None else revised

    def local_provider(self) -> LocalProvider | None:
        contact = self.parties.provider_contact
        return contact.open() if contact else self.details().local_provider

    def missing(self, at: datetime) -> frozenset[str]:
        """What the way to the records still waits for, as far as intake knows."""
        authorized = self.authorizations.in_force(at)
        joined = self.parties.local_provider_joined or not self.eligibility.local_provider_required
        return frozenset(what for what, there in ((AUTHORIZATION, authorized), (PARTICIPATION, joined)) if not there)

    def require_missing(self, waiting_on: frozenset[str], at: datetime) -> None:
        """Refuses a reminder whose every reason is gone. What intake does not know of counts as missing."""
        if waiting_on and not waiting_on - (OBLIGATIONS - self.missing(at)):
            raise DomainError("superseded_due", "Nothing that this reminder is about is missing any more.")


def evolve(case: Case, event: object) -> Case:
    parties = participation.evolve(case.parties, event)
    if isinstance(event, submission.CaseSubmitted) and event.submitter.role in submission.PATIENT_SIDE:
        parties = participation.enter(parties, event.submitter.role, event.submitter.subject)
    return replace(
        case,
        opened=submission.evolve(case.opened, event),
        lifecycle=lifecycle.evolve(case.lifecycle, event),
        triage=triage.evolve(case.triage, event),
        eligibility=eligibility.evolve(case.eligibility, event),
        consents=consent.evolve(case.consents, event),
        authorizations=authorization.evolve(case.authorizations, event),
        parties=parties,
        questions=questions.evolve(case.questions, event),
        coded=condition.evolve(case.coded, event),
    )


@singledispatch
def decide(command: object, _case: Case) -> Sequence[object]:
    """Each command goes to its own machine; what one machine needs of another is handed over here and nowhere else."""
    raise TypeError(f"{type(command).__name__} is no command of a case")


def _active(case: Case) -> submission.CaseSubmitted:
    """Refuses a case that does not exist or has ended."""
    opened = case.submitted
    case.lifecycle.require_active()
    return opened


@decide.register
def _(command: submission.SubmitCase, case: Case) -> Sequence[object]:
    return submission.decide(command, case.opened)


@decide.register
def _(command: eligibility.DecideScreening, case: Case) -> Sequence[object]:
    opened = case.submitted
    if case.eligibility.decided:
        return ()
    case.lifecycle.require_active()
    applicant = Applicant(
        country=opened.country,
        state=opened.state,
        county=command.county,
        minor=opened.minor,
        represented=opened.represented or case.parties.subject(Role.LEGAL_REPRESENTATIVE) is not None,
        condition_group=case.coded.group,
        sponsor_id=opened.sponsor_id,
        red_flags=opened.red_flags,
    )
    return eligibility.decide_screening(command, case.eligibility, applicant)


@decide.register
def _(command: eligibility.DecideJurisdiction, case: Case) -> Sequence[object]:
    opened = _active(case)
    return eligibility.decide_jurisdiction(command, case.eligibility, opened.person_id)


@decide.register
def _(command: eligibility.DeclineCase, case: Case) -> Sequence[object]:
    """Until the questions are frozen with the signed summary; from then on it is a specialist who cannot answer them."""
    if case.submitted and case.eligibility.declined is None:
        case.lifecycle.require_active()
        if case.questions.frozen_version is not None:
            detail = "The summary is signed; a case that cannot be answered any more is closed with its reason."
            raise DomainError("decline_too_late", detail)
    return eligibility.decline(command, case.eligibility)


@decide.register
def _(command: consent.AcceptTerms, case: Case) -> Sequence[object]:
    opened = _active(case)
    return consent.accept(command, case.consents, opened.person_id)


@decide.register
def _(command: participation.JoinCase, case: Case) -> Sequence[object]:
    opened = case.submitted
    if case.lifecycle.phase is not lifecycle.Phase.OPEN or case.lifecycle.ending:
        raise participation.reference_unknown()
    return participation.join(
        command,
        case.parties,
        submitted_at=opened.submitted_at,
        person_id=opened.person_id,
        named=case.details().local_provider,
    )


@decide.register
def _(command: authorization.RequestAuthorization, case: Case) -> Sequence[object]:
    _active(case)
    if case.eligibility.confirmed is None:
        raise DomainError("screening_undecided", "The case has not been screened yet.")
    return authorization.request(command, case.authorizations)


@decide.register
def _(command: authorization.SignAuthorization, case: Case) -> Sequence[object]:
    opened = _active(case)
    if not any(given.role is command.role for given in case.consents.accepted):
        raise DomainError("terms_not_accepted", "The terms come first: accept them, then sign.")
    return authorization.sign(command, case.authorizations, person_id=opened.person_id, minor=opened.minor)


@decide.register
def _(command: authorization.RevokeAuthorization, case: Case) -> Sequence[object]:
    """Allowed at any time, in a closed case too: a permission belongs to the one who gave it."""
    return authorization.revoke(command, case.authorizations, case.submitted.person_id)


@decide.register
def _(command: questions.ReviseQuestions, case: Case) -> Sequence[object]:
    opened = _active(case)
    return questions.revise(command, case.questions, opened.person_id)


@decide.register
def _(command: questions.FreezeQuestions, case: Case) -> Sequence[object]:
    """A late fact on a case that has ended is kept as the truth it is."""
    return questions.freeze(command, case.questions) if case.submitted else ()


@decide.register
def _(command: condition.CodeCondition, case: Case) -> Sequence[object]:
    opened = _active(case)
    return condition.code(command, opened.person_id)


@decide.register
def _(command: triage.AssignOwner, case: Case) -> Sequence[object]:
    """A case that has ended may still change hands: somebody answers for it for as long as it exists."""
    return triage.assign(command, case.triage) if case.submitted else ()


@decide.register
def _(command: triage.ChangePriority, case: Case) -> Sequence[object]:
    opened = _active(case)
    return triage.prioritise(command, case.triage, opened.person_id)


@decide.register
def _(command: triage.HoldCase, case: Case) -> Sequence[object]:
    _active(case)
    return triage.hold(command, case.triage)


@decide.register
def _(command: triage.ResumeCase, case: Case) -> Sequence[object]:
    _active(case)
    return triage.resume(command, case.triage)


@decide.register
def _(command: lifecycle.WithdrawCase, case: Case) -> Sequence[object]:
    return lifecycle.withdraw(command, case.lifecycle, case.submitted.person_id)


@decide.register
def _(command: lifecycle.ExpireCase, case: Case) -> Sequence[object]:
    done = OBLIGATIONS - case.missing(command.now)
    return lifecycle.expire(command, case.lifecycle, done) if case.submitted else ()


@decide.register
def _(command: lifecycle.CloseCase, case: Case) -> Sequence[object]:
    return lifecycle.close(command, case.lifecycle, case.submitted.person_id)


@decide.register
def _(command: lifecycle.ConcludeCase, case: Case) -> Sequence[object]:
    return lifecycle.conclude(command, case.lifecycle, case.submitted.person_id)


CASE: Decider[Case, object, object] = Decider(Case, decide, evolve)
