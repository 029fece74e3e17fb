"""What the staff can do about a case from its page: each act is a command of the service that owns it, sent with the token of whoever
acts. That service decides; what it refuses is said in its own words beside the form.
"""

from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import attrgetter

from rso_operations.acts import ACTS, LONGEST, Act, Field
from rso_operations.commands import send
from rso_operations.markup import text, words
from rso_shared.kit.auth import Principal
from rso_shared.kit.errors import unknown
from rso_shared.kit.logs import is_id


def allowed(who: Principal) -> list[Act]:
    return [act for act in ACTS.values() if who.may(act.permission)]


async def act(public_url: str, token: str, case_id: str, name: str, given: Mapping[str, str], key: str) -> str:
    """Sends the command and returns a sentence. Raises DomainError: ours for what the form lacks, the service's own for a refusal."""
    found = ACTS.get(name)
    if found is None or not is_id(case_id):
        raise unknown("act_unknown", "There is no such act, or no such case.")
    path, body = found.body(case_id, given)
    await send(public_url + path, token, key, body)
    return f"Done: {found.label.lower()}."


def forms(case_id: str, who: Principal) -> str:
    """Outside of what is refreshed; what its choices are follows the case. Nothing for those who may only look."""
    made = _grouped(allowed(who), case_id)
    return (
        f"<details class='sheet acts'><summary>Act on this case</summary><p class='late' id='meanwhile' role='status'></p>{made}</details>"
        if made
        else ""
    )


def bulk_forms(who: Principal) -> str:
    """The same acts on every chosen case. A script lists those; exactly the listed ones are acted on, each with a result of its own."""
    made = _grouped([each for each in allowed(who) if each.bulk], "")
    return (
        "<details class='sheet acts' id='bulk' hidden><summary>Act on the chosen cases</summary>"
        "<ul class='chosen' aria-label='Chosen cases'></ul>"
        f"<button type='button' class='plain'>Choose none</button>{made}</details>"
        if made
        else ""
    )


def _grouped(acts: Iterable[Act], case_id: str) -> str:
    return "".join(
        f"<h2>{group}</h2><div>{''.join(_form(case_id, each) for each in of)}</div>"
        for group, of in groupby(acts, attrgetter("group"))
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
    if field.of is not None:
        return f"<label>{field.label}<select name='{field.name}' data-of='{field.of}'{need}></select></label>"
    if not field.options:
        return f"<label>{field.label}<input name='{field.name}' maxlength='{LONGEST}'{need}></label>"
    options = "".join(f"<option value='{code}'>{words(code)}</option>" for code in field.options)
    return f"<label>{field.label}<select name='{field.name}'{need}><option value=''></option>{options}</select></label>"
