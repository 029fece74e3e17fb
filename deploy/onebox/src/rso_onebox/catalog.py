"""Documents that follow from the code: errors, facts, public events, permissions.

`python -m rso_onebox.catalog` writes them, `--check` compares.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rso_onebox.catalog_errors import errors
from rso_onebox.catalog_facts import facts
from rso_onebox.catalog_public import asyncapi, public_events
from rso_shared.contracts.permissions import MATRIX, Reach
from rso_shared.contracts.vocabulary import Role

DOCS = Path(__file__).parents[4] / "docs"
MARKS = {
    Reach.ANY: "all", Reach.ORGANISATION: "org", Reach.PARTY: "own", Reach.OPERATOR: "operator",
    Reach.ADMINISTERED: "administered",
}  # fmt: skip
PREAMBLE = """\
# Permissions

What each role may do, and how far its sight reaches. Generated from `rso_shared/contracts/permissions.py` by
`python -m rso_onebox.catalog`; do not edit.

**all** every case of the deployment (or no case is named) · **org** cases the caller's organisation is a party to ·
**own** cases the caller is a party to in person · **operator** all, for people of the operator's own organisation only ·
**administered** all for people of the operator's own organisation, for others what belongs to theirs ·
empty: denied with 403 `forbidden`. A case outside the reach is 404 `case_unknown`, like a case that does not exist.

A token's `scope` narrows its role: `*` everything the role may, `case` every `case.*` row, `case.read` that row alone.
"""


def permissions() -> str:
    """One table per area, so that rows stay readable: roles that may do nothing in an area are left out of it."""
    areas: dict[str, dict[str, Mapping[Role, Reach]]] = {}
    for permission, roles in MATRIX.items():
        areas.setdefault(permission.partition(".")[0], {})[permission] = roles
    return PREAMBLE + "".join(_area(name, rows) for name, rows in sorted(areas.items()))


def _area(name: str, rows: Mapping[str, Mapping[Role, Reach]]) -> str:
    roles = [role for role in Role if any(role in allowed for allowed in rows.values())]
    lines = [
        f"\n## {name}\n",
        f"| permission | {' | '.join(roles)} |",
        f"|---|{'---|' * len(roles)}",
        *(
            f"| `{permission}` | {' | '.join(MARKS[allowed[r]] if r in allowed else '' for r in roles)} |"
            for permission, allowed in rows.items()
        ),
    ]
    return "\n".join(lines) + "\n"


DOCUMENTS: Mapping[str, Callable[[], str]] = {
    "errors.md": errors,
    "asyncapi.yaml": asyncapi,
    "event-catalog.md": lambda: facts() + public_events(),
    "permissions.md": permissions,
}


def stale(folder: Path = DOCS) -> list[str]:
    """Names of the documents that are not what the code says now."""
    return [
        name
        for name, make in DOCUMENTS.items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != make()
    ]


def main(argv: Sequence[str]) -> int:
    if list(argv) == ["--check"]:
        names = stale()
        for name in names:
            print(f"docs/{name} is not what the code says now; run: .venv/bin/python -m rso_onebox.catalog")
        return 1 if names else 0
    if argv:
        print("usage: python -m rso_onebox.catalog [--check]", file=sys.stderr)
        return 2
    for name, make in DOCUMENTS.items():
        (DOCS / name).write_text(make(), encoding="utf-8")
        print(f"docs/{name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
