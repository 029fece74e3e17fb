"""What intake does with the facts of others. The only way in beside its API."""

from rso_intake import case_list
from rso_intake.case_list import CASE_LIST, CASE_STAGES
from rso_intake.domain.case import CASE
from rso_intake.domain.lifecycle import Phase
from rso_intake.domain.questions import FreezeQuestions
from rso_intake.erasing import note
from rso_intake.notices import mail, page
from rso_intake.queries import find_stream
from rso_shared.contracts import billing, coordinator, matching, operations, opinions, records, subscriptions
from rso_shared.contracts.base import FactModel
from rso_shared.contracts.vocabulary import Role, Stage
from rso_shared.kit.clock import iso
from rso_shared.kit.errors import NotYet
from rso_shared.kit.facts import Fact
from rso_shared.kit.projections import beside_rebuilds
from rso_shared.kit.reactions import Reacting, Subscription
from rso_shared.kit.rows import Written

SHOWN: frozenset[type[FactModel]] = frozenset({
    coordinator.StageEntered,
    coordinator.WaitingChanged,
    coordinator.PromiseChanged,
    records.RecordsCompilationStarted,
    records.RecordItemReceived,
    records.RecordItemAccepted,
    records.RecordItemRejected,
    records.RecordItemWaived,
    opinions.OpinionReleased,
})  # fmt: skip
"""The facts of others that `GET /v1/cases/{id}` is composed of."""

ENDINGS = {Stage.WITHDRAWN: "case_withdrawn", Stage.EXPIRED: "case_expired", Stage.CLOSED: "case_closed"}


def _stream(r: Reacting, fact: Fact) -> str:
    stream = find_stream(r.tx, fact.key)
    if stream is None:
        raise NotYet(f"case {fact.key}")
    return stream


def note_stage(r: Reacting, fact: Fact) -> None:
    """The stage as a column, so that lists can be asked for it; what is listed at once and, after a rebuild, again."""
    assert isinstance(fact.data, coordinator.StageEntered)  # noqa: S101 - the subscription's key says so
    beside_rebuilds(r.tx)
    row = {"case_id": fact.key, "stage": fact.data.stage.value, "entered_at": iso(fact.data.entered_at)}
    Written(r.tx).put(CASE_STAGES, row)
    case_list.hold(r.tx, fact.key)
    case_list.show_stages(r.tx, {CASE_LIST.name: CASE_LIST}, CASE_LIST.c.case_id == fact.key)


def stage_entered(r: Reacting, fact: Fact) -> None:
    note_stage(r, fact)
    tell_ending(r, fact)


def tell_ending(r: Reacting, fact: Fact) -> None:
    """However a case ends, those who are in it hear of it. A decline has a mail of its own, with what to do instead."""
    assert isinstance(fact.data, coordinator.StageEntered)  # noqa: S101 - the subscription's key says so
    template = ENDINGS.get(fact.data.stage)
    if template is None:
        return
    case = r.store.fold(r.tx, CASE, _stream(r, fact)).state
    if case.lifecycle.phase is Phase.ENTERED_IN_ERROR:
        return
    for role in (Role.PATIENT, *((Role.LOCAL_PROVIDER,) if case.parties.local_provider_joined else ())):
        mail(r.store, r.tx, case, role=role, template=template, key=template, meta=r.meta)


def page_desk(r: Reacting, fact: Fact) -> None:
    """An escalation reaches whom it is for."""
    assert isinstance(fact.data, coordinator.EscalationRaised)  # noqa: S101 - the subscription's key says so
    case = r.store.fold(r.tx, CASE, _stream(r, fact)).state
    page(r.store, r.tx, case, desk=fact.data.to, reason=fact.data.reason, meta=r.meta)


def freeze_questions(r: Reacting, fact: Fact) -> None:
    """The signed summary answers one version of the questions; from now on that version is the one that counts."""
    assert isinstance(fact.data, records.CaseSummarySigned)  # noqa: S101 - the subscription's key says so
    command = FreezeQuestions(questions_version=fact.data.questions_version, now=r.now)
    r.store.execute(r.tx, CASE, _stream(r, fact), command, r.meta)


def tell_recipients(r: Reacting, fact: Fact) -> None:
    """The report is out: each recipient gets a mail with a link and nothing of what it says."""
    assert isinstance(fact.data, opinions.OpinionReleased)  # noqa: S101 - the subscription's key says so
    case = r.store.fold(r.tx, CASE, _stream(r, fact)).state
    if case.lifecycle.phase is Phase.ENTERED_IN_ERROR:
        return
    for role in fact.data.recipients:
        key = f"opinion_released/{fact.data.opinion_version}"
        mail(r.store, r.tx, case, role=role, template="opinion_released", key=key, meta=r.meta)


SUBSCRIPTION = Subscription(
    keeps=SHOWN,
    reactions={
        coordinator.StageEntered: stage_entered,
        coordinator.EscalationRaised: page_desk,
        records.CaseSummarySigned: freeze_questions,
        opinions.OpinionReleased: tell_recipients,
        **{
            each.KeyDestroyed: note
            for each in (records, matching, opinions, billing, coordinator, operations, subscriptions)
        },
    },
)
