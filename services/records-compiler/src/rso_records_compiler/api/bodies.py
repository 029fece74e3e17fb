"""Request bodies. They refuse unknown fields, and each has an example that the OpenAPI document shows."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from rso_records_compiler.domain.dossier_events import RejectionReason
from rso_records_compiler.domain.request_commands import Verdict
from rso_records_compiler.domain.request_events import Channel
from rso_shared.contracts.vocabulary import RecordKind

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Text = Annotated[str, Field(min_length=1, max_length=4000)]
OptionalText = Annotated[str, Field(max_length=4000)]


DOCUMENT = "0b9d4c36-6d0e-4a57-8a39-1d5f3e1f0c77"


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


def example(**body: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [body]})


class Empty(Request):
    """A command that says all in its path."""


class NewRequest(Request):
    model_config = example(facility_id="5f0c5b1e-6f0a-4f53-9f6c-1f6b8f7d2a11", kind="pathology_report")

    facility_id: Id
    kind: RecordKind
    note: OptionalText = ""


class Dispatch(Request):
    model_config = example(channel="fax")

    channel: Channel


class VerdictGiven(Request):
    model_config = example(verdict="incomplete", note="The receptor results are missing.")

    verdict: Verdict
    note: OptionalText = ""


class FollowUpDue(Request):
    """`due` is the instant for which the rung was set: a repeat of the same rung and instant changes nothing."""

    model_config = example(rung="follow_up_1", due="2026-03-09T15:00:00Z")

    rung: Annotated[str, Field(min_length=1, max_length=120)]
    due: datetime


class Acceptance(Request):
    model_config = example(kinds=["pathology_report", "lab"])

    kinds: Annotated[list[RecordKind], Field(min_length=1, max_length=len(RecordKind))]


class Rejection(Request):
    model_config = example(reason="illegible", note="Pages 3 to 7 are black.")

    reason: RejectionReason
    note: OptionalText = ""


class Waiver(Request):
    model_config = example(kind="imaging_report", reason="The archive has no images from before 2019.")

    kind: RecordKind
    reason: Text


class Citation(Request):
    """`locator` says where: a page, a section, a resource."""

    document_id: Id
    locator: Annotated[str, Field(max_length=200)] | None = None


class Statement(Request):
    text: Text
    cites: Annotated[list[Citation], Field(max_length=50)]


class SummaryDraft(Request):
    model_config = example(
        statements=[{"text": "Excision with clear margins.", "cites": [{"document_id": DOCUMENT, "locator": "page 4"}]}]
    )

    statements: Annotated[list[Statement], Field(max_length=500)]


class SummarySignature(Request):
    """The versions that the signer read."""

    model_config = example(summary_version=2, questions_version=1, typed_name="Nora Nurse")

    summary_version: Annotated[int, Field(ge=1)]
    questions_version: Annotated[int, Field(ge=1)]
    typed_name: Annotated[str, Field(min_length=1, max_length=200)]
