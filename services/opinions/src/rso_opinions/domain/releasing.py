"""Releasing a signed opinion, step by step as the program says, and what became of it: delivered, viewed."""

from rso_opinions.domain import opinion_commands as c
from rso_opinions.domain import opinion_events as e
from rso_opinions.domain.guards import case_withdrawn
from rso_opinions.domain.opinion_state import FIXED, Opinion
from rso_opinions.domain.recipients import READS_AS, may_read, next_recipients
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.errors import DomainError
from rso_shared.kit.sealed import Sealed


def release(command: c.Release, state: Opinion) -> e.Events:
    if command.recipients is not None and set(command.recipients) <= set(state.released_to):
        return ()
    if command.case_withdrawn:
        raise case_withdrawn()
    if state.state not in FIXED or state.signed is None:
        raise DomainError("opinion_not_signed", "Only a signed opinion can be released.", state=state.state)
    due = next_recipients(command.policy, provider_joined=command.provider_joined, released_to=state.released_to)
    _require_meant(command.recipients, (*state.released_to, *due))
    recipients = tuple(role for role in due if command.recipients is None or role in command.recipients)
    if not recipients:
        return ()
    number = state.signed.opinion_version
    return (
        *_rendered_once(command, state, number),
        e.OpinionReleased(
            opinion_version=number,
            policy=command.policy,
            program=command.program,
            recipients=recipients,
            released_at=command.at,
        ),
    )


def _require_meant(meant: tuple[Role, ...] | None, allowed: tuple[Role, ...]) -> None:
    if meant is not None and not set(meant) <= set(allowed):
        raise DomainError(
            "recipient_not_due",
            "The program's release policy does not give the opinion to this recipient now.",
            pointer="/recipients",
            due=list(allowed),
        )


def _rendered_once(command: c.Release, state: Opinion, number: int) -> e.Events:
    """Two tries may both have rendered; the first pair in the log is the one that is kept."""
    if state.renderings:
        return ()
    if command.rendered is None:
        raise DomainError("report_not_rendered", "The report has not been rendered; release it again.", status=503)
    hashes = Sealed(state.person_id, command.rendered.hashes)
    return (e.ReportRendered(opinion_version=number, renderings=command.rendered.renderings, hashes=hashes),)


def record_delivery(command: c.RecordDelivery, state: Opinion) -> e.Events:
    if command.role in state.delivered_to:
        return ()
    number = _require_open_to(command.role, state)
    return (e.OpinionDelivered(opinion_version=number, role=command.role, delivered_at=command.at),)


def record_view(command: c.RecordView, state: Opinion) -> e.Events:
    number = _require_open_to(command.role, state)
    if command.role in state.viewed_by or command.role not in (*READS_AS, Role.PARTNER):
        return ()
    return (e.OpinionViewed(opinion_version=number, role=command.role, viewed_at=command.at),)


def _require_open_to(role: Role, state: Opinion) -> int:
    if state.signed is None or not may_read(role, state.policy, state.released_to):
        raise DomainError("not_released_to_role", "The opinion has not been released to this recipient.", role=role)
    return state.signed.opinion_version
