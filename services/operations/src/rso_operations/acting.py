"""What the staff can do about a case from its page: each act is a command of the service that owns it, sent with the token of whoever
acts. That service decides; what it refuses is said in its own words beside the form.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx

from rso_operations.markup import text, words
from rso_shared.contracts.vocabulary import CloseReason, DeclineReason, HoldReason, Priority, RecordKind
from rso_shared.kit.auth import Principal
from rso_shared.kit.errors import DomainError, invalid, unknown
from rso_shared.kit.logs import is_id

SECONDS, LONGEST = 10.0, 500
REFUSED, AWAY = 400, 500


@dataclass(frozen=True, slots=True)
class Field:
    """`options` empty: free text, which the owning service keeps sealed or refuses. `needed`: the act wants it."""

    name: str
    label: str
    options: tuple[str, ...] = ()
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Act:
    """`path` may name fields beside `case_id`: those go there instead of into the body."""

    name: str
    label: str
    permission: str
    path: str
    fields: tuple[Field, ...]
    final: bool = False
    """It cannot be taken back."""

    def body(self, given: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """(path after the case's, body). Raises 422 that names the field."""
        told = {each.name: self._checked(each, given.get(each.name, "").strip()) for each in self.fields}
        path = self.path.format(**{name: value for name, value in told.items() if f"{{{name}}}" in self.path})
        return path, {name: value for name, value in told.items() if value and f"{{{name}}}" not in self.path}

    @staticmethod
    def _checked(field: Field, value: str) -> str:
        if not value and field.needed:
            raise invalid("field_missing", f"{field.label} is needed.", f"/{field.name}")
        if len(value) > LONGEST or (value and field.options and value not in field.options):
            raise invalid("field_invalid", f"{field.label} cannot be this.", f"/{field.name}")
        return value


def _codes(codes: Iterable[StrEnum]) -> tuple[str, ...]:
    return tuple(code.value for code in codes)


_WHY = Field("reason", "Reason", needed=False)
ACTS = {
    act.name: act
    for act in (
        Act("owner", "Give it an owner", "case.owner.assign", "/owner", (Field("owner", "Person or team"),)),
        Act("priority", "Change the priority", "case.priority.change", "/priority",
            (Field("priority", "Priority", _codes(Priority)), _WHY)),
        Act("hold", "Put it on hold", "case.hold", "/holds", (Field("reason", "Reason", _codes(HoldReason)),)),
        Act("resume", "End a hold", "case.hold", "/holds/{reason}/release", (Field("reason", "Reason", _codes(HoldReason)),)),
        Act("waive", "Waive a kind of record", "checklist.waive", "/checklist/waivers",
            (Field("kind", "Kind", _codes(RecordKind)), Field("reason", "Reason"))),
        Act("withdraw", "Withdraw it", "case.withdraw", "/withdrawal", (_WHY,), final=True),
        Act("decline", "Decline it", "case.decline", "/decline", (Field("reason", "Reason", _codes(DeclineReason)),), final=True),
        Act("close", "Close it", "case.close", "/closing",
            (Field("close_reason", "Reason", _codes(CloseReason)), Field("remark", "Remark", needed=False)), final=True),
    )
}  # fmt: skip


def allowed(who: Principal) -> list[Act]:
    return [act for act in ACTS.values() if who.may(act.permission)]


async def act(public_url: str, token: str, case_id: str, name: str, given: Mapping[str, str], key: str) -> str:
    """Sends the command and returns a sentence. Raises DomainError: ours for what the form lacks, the service's own for a refusal."""
    found = ACTS.get(name)
    if found is None or not is_id(case_id):
        raise unknown("act_unknown", "There is no such act, or no such case.")
    path, body = found.body(given)
    headers = {"authorization": f"Bearer {token}", "idempotency-key": key}
    try:
        async with httpx.AsyncClient(base_url=public_url, timeout=SECONDS, trust_env=False) as client:
            answer = await client.post(f"/v1/cases/{case_id}{path}", json=body, headers=headers)
    except httpx.HTTPError as away:
        raise _away() from away
    if answer.status_code >= AWAY:
        raise _away()
    if answer.status_code >= REFUSED:
        raise _refusal(answer)
    return f"Done: {found.label.lower()}."


def _away() -> DomainError:
    return DomainError("service_away", "The service does not answer. What you typed is kept: try again.", status=503)


def _refusal(answer: httpx.Response) -> DomainError:
    problem: dict[str, Any] = answer.json()
    fields = [f"{each['pointer'].strip('/')}: {each['detail']}" for each in problem.get("errors", ())]
    return DomainError(problem["code"], "; ".join([problem["detail"], *fields]), status=answer.status_code)


def forms(case_id: str, who: Principal) -> str:
    """Outside of what is refreshed. Nothing for those who may only look."""
    made = "".join(_form(case_id, each) for each in allowed(who))
    return f"<details class='sheet acts'><summary>Act on this case</summary><div>{made}</div></details>" if made else ""


def bulk_forms(who: Principal) -> str:
    """The same acts on every chosen case. A script lists those; exactly the listed ones are acted on, each with a result of its own."""
    made = "".join(_form("", each) for each in allowed(who))
    return (
        "<details class='sheet acts' id='bulk' hidden><summary>Act on the chosen cases</summary>"
        "<ul class='chosen' aria-label='Chosen cases'></ul>"
        f"<button type='button' class='plain'>Choose none</button><div>{made}</div></details>"
        if made
        else ""
    )


def _form(case_id: str, of: Act) -> str:
    fields = "".join(_field(each) for each in of.fields)
    final = " data-final='1'" if of.final else ""
    return (
        f"<form data-act='/operations/act/{of.name}/{text(case_id)}'{final}><h3>{of.label}</h3>{fields}"
        f"<button{' class=final' if of.final else ''}>{of.label}</button><output role='status'></output></form>"
    )


def _field(field: Field) -> str:
    need = " required" if field.needed else ""
    if not field.options:
        return f"<label>{field.label}<input name='{field.name}' maxlength='{LONGEST}'{need}></label>"
    options = "".join(f"<option value='{code}'>{words(code)}</option>" for code in field.options)
    return f"<label>{field.label}<select name='{field.name}'{need}><option value=''></option>{options}</select></label>"
