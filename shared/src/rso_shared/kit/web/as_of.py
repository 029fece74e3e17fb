"""`?as_of=<instant>`: a route that can look back says so by a parameter of type AsOf, and stands so in the API's documents.

Every other route refuses the question: an answer of now must not pass for one of then.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from rso_shared.kit.errors import DomainError, invalid
from rso_shared.kit.events import EPOCH

_Text = Annotated[
    str | None,
    Query(
        description="Answers what was recorded by this instant, under today's permissions. RFC 3339 with a time zone; "
        "anything else is refused with 422 `as_of_invalid`.",
        json_schema_extra={"format": "date-time"},
        examples=["2026-01-31T09:00:00Z"],
    ),
]


def _instant(as_of: _Text = None) -> datetime | None:
    """In UTC. Before 1970 nothing was recorded, so all of that time looks the same."""
    if as_of is None:
        return None
    try:
        found = datetime.fromisoformat(as_of)
        if found.tzinfo is not None:
            return max(found, EPOCH).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise invalid("as_of_invalid", "as_of is an instant with a time zone, such as 2026-01-31T09:00:00Z.", "/as_of")


AsOf = Annotated[datetime | None, Depends(_instant)]


def takes(route: Any) -> bool:
    return any(each.call is _instant for each in route.dependant.dependencies)


def refuse_if_not_taken(request: Request) -> None:
    """Raises 400 `as_of_not_supported` where the present alone can be answered for; of a case, with the link to its timeline."""
    if "as_of" not in request.query_params or takes(request.scope["route"]):
        return
    case_id = request.path_params.get("case_id")
    link = {} if case_id is None else {"link": f"/v1/cases/{case_id}/timeline"}
    detail = "This answers for the present only. What happened to a case, and when, stands in its timeline."
    raise DomainError("as_of_not_supported", detail, status=400, pointer="/as_of", **link)
