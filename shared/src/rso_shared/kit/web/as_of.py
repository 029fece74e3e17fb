"""`?as_of=<instant>`: a route that can look back says so by a parameter of type AsOf, and stands so in the API's documents."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Query

from rso_shared.kit.errors import invalid
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
