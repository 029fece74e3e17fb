"""HL7 v2: message type, date, sending facility. Senders add a BOM and any line end; the parser wants neither."""

import re
from collections import Counter
from collections.abc import Iterable

import hl7  # type: ignore[import-untyped]

from rso_records_compiler.formats import codes
from rso_records_compiler.formats.media import Format
from rso_records_compiler.formats.recognition import Recognition, Subject, day_of, evidence, named, newest, short
from rso_records_compiler.formats.sniff import BOM
from rso_shared.contracts.vocabulary import RecordKind
from rso_shared.kit.errors import invalid

_LINE_ENDS = re.compile(r"[\r\n]+")
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}\W")
_BY_MESSAGE = {"ORU": RecordKind.LAB, "MDM": RecordKind.CLINICAL_NOTE, "REF": RecordKind.CLINICAL_NOTE}
_MESSAGE_TYPE, _SENT_AT, _SENDER, _VERSION = 9, 7, 4, 12
_NAME, _BORN = 5, 7
_SERVICE, _OBSERVED, _SECTION = 4, 7, 24


def recognise(content: bytes) -> Recognition:
    """Raises DomainError 422: `hl7_malformed`, `document_truncated` (a header with nothing behind it)."""
    message = _parsed(content)
    header = message.segment("MSH")
    type_ = _component(header, _MESSAGE_TYPE, 1)
    orders = [segment for segment in message if str(segment[0]) == "OBR"]
    kinds = [_kind(order, type_) for order in orders] or [_BY_MESSAGE.get(type_)]
    found = evidence(kinds)
    return Recognition(
        format=Format.HL7V2,
        kind=kinds[0] or RecordKind.OTHER,
        evidence=found,
        resources=tuple(sorted(Counter(str(segment[0]) for segment in message if str(segment[0]) == "OBX").items())),
        title=short(next((_component(order, _SERVICE, 2) for order in orders), "") or _field(header, _MESSAGE_TYPE)),
        dated=newest(_field(order, _OBSERVED) for order in orders) or day_of(_field(header, _SENT_AT)),
        facilities=named([_component(header, _SENDER, 1)]),
        details=(("message_type", _field(header, _MESSAGE_TYPE)), ("version", _field(header, _VERSION))),
        subject=_subject(message),
    )


def _parsed(content: bytes) -> hl7.Message:
    raw = content.removeprefix(BOM)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    lines = [line.strip() for line in _LINE_ENDS.split(text) if line.strip()]
    if not all(_SEGMENT.match(line + "|") for line in lines):
        raise invalid("hl7_malformed", "A line of the message does not begin with a segment name.")
    if len(lines) == 1:
        raise invalid("document_truncated", "The message has a header and nothing behind it. Send the whole message.")
    try:
        message = hl7.parse("\r".join(lines) + "\r")
        message.segment("MSH")
    except (
        hl7.HL7Exception,
        LookupError,
        ValueError,
        TypeError,
        AssertionError,
    ):  # the last one: a separator twice in the header
        raise invalid("hl7_malformed", "The document is no HL7 v2 message.") from None
    return message


def _field(segment: hl7.Segment, number: int) -> str:
    return str(segment[number]) if number < len(segment) else ""


def _component(segment: hl7.Segment, number: int, part: int) -> str:
    parts = re.split(r"[~^]", _field(segment, number))
    return parts[part - 1] if part <= len(parts) else ""


def _kind(order: hl7.Segment, message_type: str) -> RecordKind | None:
    coding = codes.Coding("", _component(order, _SERVICE, 1), _component(order, _SERVICE, 2))
    section = codes.Coding("", _component(order, _SECTION, 1), "")
    found: Iterable[RecordKind | None] = (
        codes.by_code([coding]),
        codes.by_words(coding.display),
        codes.by_section([section]),
        _BY_MESSAGE.get(message_type),
    )
    return next((kind for kind in found if kind), None)


def _subject(message: hl7.Message) -> Subject | None:
    patient = next((segment for segment in message if str(segment[0]) == "PID"), None)
    if patient is None:
        return None
    return Subject(_component(patient, _NAME, 1), _component(patient, _NAME, 2), day_of(_field(patient, _BORN)))
