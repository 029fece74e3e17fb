"""Every refusal the code can raise, read from the code itself: no list to keep beside it, and none to forget."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from rso_shared.kit.names import SERVICES

PACKAGES: Mapping[str, str] = {
    "rso_shared.kit": "every service",
    **{service.package: service.short for service in SERVICES},
    "rso_onebox": "rso demo",
}
STATUS = {
    "DomainError": 409,
    "invalid": 422,
    "unknown": 404,
    "forbidden": 403,
    "_unauthorized": 401,
    "_unreadable": 422,
}
PROBLEM = "problem"
"""`problem(request, status, code, detail)`: the answers of the web face that are no refusal of a decider."""
BUILT = {
    "case_declined": (409, "The case is declined.", "intake"),
    "case_withdrawn": (409, "The case is withdrawn.", "intake"),
    "case_expired": (409, "The case is expired.", "intake"),
    "route_unknown": (404, "There is no such path; the OpenAPI document lists them all.", "every service"),
    "method_not_allowed": (405, "This path does not take this method.", "every service"),
    "malformed_body": (400, "The body could not be read as UTF-8 JSON.", "every service"),
}
"""Codes whose text is put together while running: how a case ended, and what the HTTP library itself refuses."""
PREAMBLE = """\
# Error codes

Every refusal is `application/problem+json` (RFC 9457). Generated from the code by `python -m rso_onebox.catalog`; do not edit.

Branch on `code`: it is stable. `detail` is for people and may change; neither ever repeats what was sent. `errors` names each
field at fault by JSON pointer (an unknown field by the object it stands in). `instance` carries the request id, which is also
in the header `X-Request-Id` and in the log. A refusal changes nothing; only an accepted command is remembered under its `Idempotency-Key`.

| status | what it means for a client |
|---|---|
| 400 | the request itself is malformed: mend it |
| 401, 403 | no valid token; a token whose role or scope may not do this |
| 404 | no such thing, or none that the caller may know of |
| 409 | a good command in the wrong state: read the case, then decide anew |
| 410 | the person's data was erased |
| 413, 415 | too large; not a type that is taken here, or not what its type says |
| 422 | the content is wrong: `errors` says where |
| 500 | a bug or damage on our side; nothing changed |
| 503 | something is on its way or away: send the same request with the same key again (`Retry-After`) |

Codes from `rso demo` come from reading a bundle before anything is sent. `…` stands for a value.
"""


@dataclass(frozen=True, slots=True, order=True)
class Refusal:
    code: str
    status: int
    detail: str
    where: str


def errors() -> str:
    found = sorted({*_all(), *(Refusal(code, *rest) for code, rest in BUILT.items())})
    rows = [f"| `{code}` | {status} | {detail} | {where} |" for code, status, detail, where in _merged(found)]
    return "\n".join((PREAMBLE, "| code | status | detail | from |", "|---|---|---|---|", *rows, ""))


def _merged(found: list[Refusal]) -> Iterator[tuple[str, str, str, str]]:
    """One row per code: services may word the same refusal for their own callers."""
    for code in dict.fromkeys(refusal.code for refusal in found):
        same = [refusal for refusal in found if refusal.code == code]
        yield (
            code,
            ", ".join(str(status) for status in sorted({refusal.status for refusal in same})),
            " / ".join(dict.fromkeys(refusal.detail for refusal in same if refusal.detail)).replace("|", "\\|"),
            ", ".join(dict.fromkeys(refusal.where for refusal in same)),
        )


def _all() -> Iterator[Refusal]:
    for package, where in PACKAGES.items():
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(package)
        for file in sorted(Path(spec.origin).parent.rglob("*.py")):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            texts = _named_texts(tree)
            for node in ast.walk(tree):
                if isinstance(node, ast.Call):
                    yield from _refusals(node, where, texts)


def _refusals(call: ast.Call, where: str, texts: list[tuple[int, str, str]]) -> Iterator[Refusal]:
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    if name == PROBLEM:
        _, status, *arguments = call.args
        stated: ast.expr | None = status
    elif name in STATUS:
        arguments = call.args
        stated = next((keyword.value for keyword in call.keywords if keyword.arg == "status"), None)
    else:
        return
    known = int(str(stated.value)) if isinstance(stated, ast.Constant) else STATUS.get(name, 500)
    detail = _text(arguments[1]) if len(arguments) > 1 else ""
    if len(arguments) > 1 and isinstance(arguments[1], ast.Name):
        detail = _nearest(arguments[1], texts)
    for code in _codes(arguments[0]):
        yield Refusal(code, known, detail, where)


def _codes(node: ast.expr) -> Iterator[str]:
    """A literal, or one of two. A code that is passed on was a literal where it came from."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*_codes(node.body), *_codes(node.orelse))


def _named_texts(tree: ast.Module) -> list[tuple[int, str, str]]:
    """(line, name, text) of every name that is given a text in this file."""
    return [
        (node.lineno, target.id, _text(node.value))
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and _text(node.value)
    ]


def _nearest(name: ast.Name, texts: list[tuple[int, str, str]]) -> str:
    """The text given to this name last before the refusal."""
    before = [(line, text) for line, named, text in texts if named == name.id and line <= name.lineno]
    return max(before, default=(0, ""))[1]


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""
