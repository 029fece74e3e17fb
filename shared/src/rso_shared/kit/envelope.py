"""What a record must carry before anything else is looked at: an id to know it by, and a key to queue under.

Our relays always write both. Whatever else stands on the log gets a name here, made from its bytes: the same record has the
same name however often it comes, so that it can be set aside, seen by an operator, and keep nobody else waiting.
"""

import hashlib
from dataclasses import replace

from rso_shared.kit.broker import Record

STRANGER = "stranger-"
MAX_NAME = 1000


class UnidentifiedError(Exception):
    """The record has no usable id or key: nobody can say what it is, or whose turn it was."""


def named(record: Record) -> Record:
    """The record as it is or, if id or key cannot be used, under a name of its own that no case has."""
    if _usable(record.headers.get("ce_id", "")) and _usable(record.key):
        return record
    name = STRANGER + _digest(record)
    return replace(record, key=name, headers={**record.headers, "ce_id": name})


def check(record: Record) -> None:
    """Raises UnidentifiedError for a record that got its name from us."""
    if record.headers["ce_id"].startswith(STRANGER):
        raise UnidentifiedError


def _usable(name: str) -> bool:
    return 0 < len(name) <= MAX_NAME and name.isprintable()


def _digest(record: Record) -> str:
    digest = hashlib.sha256()
    for part in (record.topic, record.key, *(text for pair in sorted(record.headers.items()) for text in pair)):
        digest.update(part.encode(errors="surrogatepass") + b"\0")
    digest.update(record.value)
    return digest.hexdigest()[:32]
