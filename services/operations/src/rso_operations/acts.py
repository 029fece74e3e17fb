"""The acts of the staff, as data: which command of which service each is, who may give it, and what its form asks for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from rso_shared.contracts.vocabulary import CloseReason, DeclineReason, HoldReason, Priority, RecordKind
from rso_shared.kit.errors import invalid
from rso_shared.kit.logs import is_id

LONGEST = 500


class Of(StrEnum):
    """What of the case a field chooses from."""

    REQUEST = "request"
    DOCUMENT = "document"
    HONORARIUM = "honorarium"
    ENDPOINT = "endpoint"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Field:
    """`options` empty: free text, which the owning service keeps sealed or refuses. `needed`: the act wants it. `of`: one of the
    case's own, by its id. `many`: the service takes a list, of which the form gives one.
    """

    name: str
    label: str
    options: tuple[str, ...] = ()
    needed: bool = True
    of: Of | None = None
    many: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """Fields that `path` names go there instead of into the body."""

    name: str
    label: str
    permission: str
    path: str
    fields: tuple[Field, ...] = ()
    final: bool = False
    """It cannot be taken back."""
    group: str = "The case"

    @property
    def bulk(self) -> bool:
        """It can be done on several cases at once: it chooses from nothing that one of them has alone."""
        return all(each.of is None for each in self.fields)

    def body(self, case_id: str, given: Mapping[str, str]) -> tuple[str, dict[str, str | list[str]]]:
        """(path, body). Raises 422 that names the field."""
        told = {each.name: _checked(each, given.get(each.name, "").strip()) for each in self.fields}
        path = self.path.format(case_id=case_id, **{name: told[name] for name in told if self._in_path(name)})
        many = {each.name for each in self.fields if each.many}
        rest = {name: value for name, value in told.items() if value and not self._in_path(name)}
        return path, {name: [value] if name in many else value for name, value in rest.items()}

    def _in_path(self, name: str) -> bool:
        return f"{{{name}}}" in self.path


def _checked(field: Field, value: str) -> str:
    if not value and field.needed:
        raise invalid("field_missing", f"{field.label} is needed.", f"/{field.name}")
    wrong = bool(value) and (
        (field.options and value not in field.options) or (field.of is not None and not is_id(value))
    )
    if len(value) > LONGEST or wrong:
        raise invalid("field_invalid", f"{field.label} cannot be this.", f"/{field.name}")
    return value


def _codes(codes: Iterable[StrEnum]) -> tuple[str, ...]:
    return tuple(code.value for code in codes)


CASE, REQUESTS, DOCUMENTS = (
    "/v1/cases/{case_id}",
    "/v1/cases/{case_id}/record-requests",
    "/v1/cases/{case_id}/documents",
)
CHANNELS = ("fax", "mail", "portal", "direct", "fhir", "phone", "by_hand")
VERDICTS = ("accepted", "incomplete", "no_records_found", "refused")
REJECTED = ("illegible", "incomplete", "wrong_patient", "wrong_kind", "not_relevant", "duplicate", "outdated")
RELEASED = ("conflict_discovered", "specialist_unavailable", "licensure", "overdue")
"""Codes of the owning services, which a test compares."""
_WHY, _NOTE = Field("reason", "Reason", needed=False), Field("note", "Note", needed=False)
_KIND = Field("kind", "Kind", _codes(RecordKind))
_REQUEST, _DOCUMENT = Field("request_id", "Request", of=Of.REQUEST), Field("document_id", "Document", of=Of.DOCUMENT)

_OF_THE_CASE = (
    Act("owner", "Give it an owner", "case.owner.assign", CASE + "/owner", (Field("owner", "Person or team"),)),
    Act("priority", "Change the priority", "case.priority.change", CASE + "/priority",
        (Field("priority", "Priority", _codes(Priority)), _WHY)),
    Act("hold", "Put it on hold", "case.hold", CASE + "/holds", (Field("reason", "Reason", _codes(HoldReason)),)),
    Act("resume", "End a hold", "case.hold", CASE + "/holds/{reason}/release", (Field("reason", "Reason", _codes(HoldReason)),)),
    Act("withdraw", "Withdraw it", "case.withdraw", CASE + "/withdrawal", (_WHY,), final=True),
    Act("decline", "Decline it", "case.decline", CASE + "/decline", (Field("reason", "Reason", _codes(DeclineReason)),), final=True),
    Act("close", "Close it", "case.close", CASE + "/closing",
        (Field("close_reason", "Reason", _codes(CloseReason)), Field("remark", "Remark", needed=False)), final=True),
)  # fmt: skip
_OF_RECORDS = (
    Act("holder", "Name a facility that has records", "record_request.work", REQUESTS,
        (Field("facility_id", "Facility"), _KIND, _NOTE)),
    Act("verify", "The facility confirmed that it has them", "record_request.work", REQUESTS + "/{request_id}/verification", (_REQUEST,)),
    Act("ask", "Ask the facility, or remind it", "record_request.work", REQUESTS + "/{request_id}/dispatch",
        (_REQUEST, Field("channel", "By", CHANNELS))),
    Act("acknowledge", "The facility has the request", "record_request.work", REQUESTS + "/{request_id}/acknowledgement", (_REQUEST,)),
    Act("verdict", "Judge what a facility sent", "record_request.work", REQUESTS + "/{request_id}/verdict",
        (_REQUEST, Field("verdict", "Verdict", VERDICTS), _NOTE)),
    Act("cancel", "A request is no longer wanted", "record_request.work", REQUESTS + "/{request_id}/cancellation", (_REQUEST,)),
    Act("accept", "Accept a document", "document.judge", DOCUMENTS + "/{document_id}/acceptance",
        (_DOCUMENT, Field("kinds", "As", _codes(RecordKind), many=True))),
    Act("reject", "Reject a document", "document.judge", DOCUMENTS + "/{document_id}/rejection",
        (_DOCUMENT, Field("reason", "Reason", REJECTED), _NOTE)),
    Act("waive", "Waive a kind of record", "checklist.waive", CASE + "/checklist/waivers", (_KIND, Field("reason", "Reason"))),
    Act("record_set", "Accept the record set", "record_set.accept", CASE + "/record-set"),
)  # fmt: skip
_OF_THE_REST = (
    Act("release", "Take it back and offer it again", "assignment.release", CASE + "/assignment/release",
        (Field("reason", "Reason", RELEASED),), group="The specialist"),
    Act("approve", "Approve an honorarium", "honorarium.approve", "/v1/honoraria/{honorarium_id}/approval",
        (Field("honorarium_id", "Honorarium", of=Of.HONORARIUM),), group="Money"),
    Act("redeliver", "Send an event again", "endpoint.manage", "/v1/endpoints/{endpoint_id}/redeliveries",
        (Field("endpoint_id", "To", of=Of.ENDPOINT), Field("event_id", "Event", of=Of.EVENT)), group="Subscribers"),
)  # fmt: skip
ACTS = {
    act.name: act for act in (*_OF_THE_CASE, *(replace(act, group="Records") for act in _OF_RECORDS), *_OF_THE_REST)
}
