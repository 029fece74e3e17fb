"""What the system says when it refuses. Codes are stable and documented; texts and facts never name a person."""

from typing import Any


class DomainError(Exception):
    """A refusal with a stable code.

    `code`   snake_case, stable for ever; clients branch on it.
    `detail` one sentence: what happened, to which thing, what to do. Never a name, an address or any text a person typed.
    `status` HTTP status it maps to (409 wrong state, 422 wrong content, 404 unknown, 403 not allowed, 503 try later).
    `pointer` JSON pointer (RFC 6901) of the field at fault, if one field is.
    `facts`  safe extra members: ids, codes, versions, instants.
    """

    def __init__(self, code: str, detail: str, *, status: int = 409, pointer: str | None = None, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.status = status
        self.pointer = pointer
        self.facts = facts


def invalid(code: str, detail: str, pointer: str | None = None, **facts: Any) -> DomainError:
    """422: the content itself is wrong."""
    return DomainError(code, detail, status=422, pointer=pointer, **facts)


def unknown(code: str, detail: str, **facts: Any) -> DomainError:
    """404: no such thing, or none that the caller may know of."""
    return DomainError(code, detail, status=404, **facts)


def forbidden(code: str, detail: str, **facts: Any) -> DomainError:
    """403: the caller is known and may not."""
    return DomainError(code, detail, status=403, **facts)


class NotYet(Exception):  # noqa: N818 - it is an outcome, not a failure
    """Something this depends on has not arrived here yet; the same call will succeed later. HTTP: 503 `not_yet_known`."""

    def __init__(self, missing: str) -> None:
        super().__init__(missing)
        self.missing = missing


class Transient(Exception):  # noqa: N818 - it is an outcome, not a failure
    """An engine or a neighbour is away; nothing changed and the same call may succeed later."""


class Contended(Exception):  # noqa: N818 - it is an outcome, not a failure
    """Somebody else was faster; nothing changed. The whole unit of work is run again, with the ids and times it came with."""


class ConcurrencyConflict(Contended):
    """The stream is not at the version the caller decided on."""

    def __init__(self, stream: str, expected: int) -> None:
        super().__init__(f"{stream} is not at version {expected}")
        self.stream = stream
        self.expected = expected


class KeyDestroyed(Exception):  # noqa: N818 - it is a state, not a failure
    """The person's key is gone; what was sealed under it can never be read again."""

    def __init__(self, person_id: str) -> None:
        super().__init__(person_id)
        self.person_id = person_id
