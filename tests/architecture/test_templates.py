"""The names of mail texts: whatever the code names is there, and whatever is there is named by the code."""

import ast
from collections.abc import Iterator

from architecture.tree import ROOT, parsed, sources

FILES = {file.stem for file in (ROOT / "defaults" / "templates").glob("*.toml")}
OBLIGATIONS = {"authorization", "participation", "payment"}
"""What `{item.what}_requested` stands for in the coordinator."""


def named() -> Iterator[str]:
    """Templates by name: as the keyword of a call, as the second argument of `write_to`, in an example, in the table of endings."""
    for tree in map(parsed, sources()):
        for node in ast.walk(tree):
            match node:
                case ast.keyword(arg="template", value=value):
                    yield from _names(value)
                case ast.Call(func=ast.Attribute(attr="write_to"), args=[_, value]):
                    yield from _names(value)
                case ast.Dict(keys=keys, values=values):
                    for key, value in zip(keys, values, strict=True):
                        if isinstance(key, ast.Constant) and key.value == "template":
                            yield from _names(value)
                case ast.Assign(targets=[ast.Name(id="template" | "ENDINGS")], value=value):
                    yield from _names(value)


def _names(value: ast.expr) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(name)):
            yield name
        case ast.JoinedStr(values=[ast.FormattedValue(), ast.Constant(value=str(suffix))]):
            yield from (f"{what}{suffix}" for what in OBLIGATIONS)
        case ast.IfExp(body=one, orelse=other):
            yield from _names(one)
            yield from _names(other)
        case ast.Dict(values=values):
            for each in values:
                yield from _names(each)


def test_every_template_is_there_and_every_one_is_used() -> None:
    assert set(named()) == FILES
