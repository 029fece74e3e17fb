"""Cursors of pages: opaque to the caller, and signed, so that nobody can walk where a page did not lead."""

import base64
import binascii
import json

from rso_shared.kit.errors import invalid
from rso_shared.kit.keys import KeyRing

_SIGNATURE = 32


def encode(keys: KeyRing, *position: str) -> str:
    payload = json.dumps(position, separators=(",", ":"))
    return base64.urlsafe_b64encode(f"{_sign(keys, payload)}{payload}".encode()).decode().rstrip("=")


def decode(keys: KeyRing, cursor: str, length: int) -> tuple[str, ...]:
    """The position the cursor was made of. Raises 422 `cursor_invalid` for anything that was not made here."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        text = ""
    signature, payload = text[:_SIGNATURE], text[_SIGNATURE:]
    position = json.loads(payload) if payload and signature == _sign(keys, payload) else []
    if len(position) != length:
        raise invalid("cursor_invalid", "This cursor was not made by this list; start without one.", "/cursor")
    return tuple(position)


def _sign(keys: KeyRing, payload: str) -> str:
    return keys.blind(f"cursor|{payload}")[:_SIGNATURE]
