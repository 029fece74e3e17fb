"""Every published fact, with its members: the language that services, subscribers and pages share."""

import ast
import inspect
import types
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import Enum
from itertools import pairwise
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from rso_operations import sentences
from rso_shared.contracts.base import CaseFact, FactModel
from rso_shared.contracts.registry import FACTS
from rso_shared.kit.names import SERVICES

PREAMBLE = """\
# Event catalogue

Every fact that services publish. Generated from `rso_shared/contracts` by `python -m rso_onebox.catalog`; do not edit.

A fact is a CloudEvents 1.0 record on the topic of its service (`rso.<service>.v1`), keyed by the case; its headers carry the
stream, the version in it, correlation and trace. No fact names a person: ids, codes, counts and instants only. Facts of one
stream come in order; there is no order across topics; a fact may come twice, with the same event id. Members are added, never
changed, within a version: ignore what you do not know.

`access` may stand on any fact: who may now see the case, or no longer (`role`, `subject` or `organisation_id`, `granted`).
`instant` is ISO 8601 in UTC. `?` means that the member may be null.
"""
PLAIN = {str: "text", int: "integer", bool: "true or false", datetime: "instant", date: "date", timedelta: "duration"}
HIDDEN = ("access", "case_id")


def facts() -> str:
    parts: list[str] = [PREAMBLE]
    used: dict[str, type] = {}
    for service in SERVICES:
        mine = [model for model in FACTS.values() if model.TYPE.startswith(f"{service.short}.")]
        if mine:
            parts.append(f"\n## {service.short}\n\nTopic `{service.topic}`.\n")
            parts.extend(_fact(model, used) for model in sorted(mine, key=lambda model: model.TYPE))
    parts.append(_types(used))
    return "".join(parts)


def _fact(model: type[FactModel], used: dict[str, type]) -> str:
    own = inspect.getdoc(model) if "__doc__" in vars(model) and vars(model)["__doc__"] else None
    service, _, name = model.TYPE.partition(".")
    said = sentences.SENTENCES.get(service, {}).get(name)
    lines = [f"\n### {model.fact_type()}\n"]
    lines.extend(f"{text}\n" for text in (_flat(own) if own else None, f"Timeline: *{said}*" if said else None) if text)
    about = "One case: `case_id`." if issubclass(model, CaseFact) else "Not about one case."
    rows = list(_members(model, used))
    lines.append(about if rows else f"{about} No other members.")
    if rows:
        lines.extend(("", "| member | type | |", "|---|---|---|", *rows))
    return "\n".join(lines) + "\n"


def _flat(text: str) -> str:
    return " ".join(text.split())


def _members(model: type[BaseModel], used: dict[str, type]) -> Iterator[str]:
    notes = _notes(model)
    for name, field in model.model_fields.items():
        if name not in HIDDEN:
            yield f"| `{name}` | {_type(field.annotation, used)} | {notes.get(name, '')} |"


def _notes(model: type[BaseModel]) -> dict[str, str]:
    """The sentence under a member, which Python itself forgets."""
    body = ast.parse(inspect.getsource(model)).body[0]
    statements = body.body if isinstance(body, ast.ClassDef) else []
    notes = {}
    for member, after in pairwise(statements):
        if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name) and isinstance(after, ast.Expr):
            notes[member.target.id] = _flat(str(ast.literal_eval(after.value)))
    return notes


def _type(annotation: Any, used: dict[str, type]) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        inner = [each for each in arguments if each is not types.NoneType]
        return " or ".join(_type(each, used) for each in inner) + (" ?" if len(inner) < len(arguments) else "")
    if origin is tuple:
        return f"list of {_type(arguments[0], used)}"
    if origin is dict:
        return f"map of {_type(arguments[0], used)} to {_type(arguments[1], used)}"
    if annotation in PLAIN:
        return PLAIN[annotation]
    if isinstance(annotation, type):
        used[annotation.__name__] = annotation
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return f"`{annotation}`"


def _types(used: dict[str, type]) -> str:
    """What members are made of; grows while it is written, because these have members too."""
    done: dict[str, str] = {}
    while waiting := sorted(set(used) - set(done)):
        for name in waiting:
            done[name] = _shape(used[name], used)
    return "\n## Types and codes\n" + "".join(done[name] for name in sorted(done))


def _shape(shape: type, used: dict[str, type]) -> str:
    if issubclass(shape, Enum):
        return f"\n### {shape.__name__}\n\n{', '.join(f'`{code.value}`' for code in shape)}\n"
    if issubclass(shape, BaseModel):
        doc = vars(shape).get("__doc__")
        head = f"\n### {shape.__name__}\n" + (f"\n{_flat(inspect.cleandoc(doc))}\n" if doc else "")
        return head + "\n| member | type | |\n|---|---|---|\n" + "\n".join(_members(shape, used)) + "\n"
    raise TypeError(f"{shape.__name__} is no type that a fact may carry")
