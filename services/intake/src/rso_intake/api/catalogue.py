"""What cases are opened under: programs and jurisdictions."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from rso_intake import queries
from rso_intake.api.models import Country, Line, Request, State
from rso_intake.domain.jurisdictions import JURISDICTIONS, JurisdictionRow, PublishJurisdictions
from rso_intake.domain.program import PROGRAM, PublishProgram
from rso_shared.contracts.program import Program, ProgramRef
from rso_shared.contracts.vocabulary import ChargePoint, CoverageRoute, JurisdictionDecision
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import invalid, unknown
from rso_shared.kit.store import stream_id
from rso_shared.kit.web.call import PUBLIC, STAFF, Call, permitted

router = APIRouter(tags=["catalogue"])


class ProgramRow(BaseModel):
    """`version` is the newest published; it may take effect only later."""

    program_id: str
    version: int
    name: str
    organisation_id: str
    effective_from: date


class ProgramList(BaseModel):
    items: list[ProgramRow]


class PriceView(BaseModel):
    """`honorarium_minor` is for those who may read what specialists are paid; for everybody else it is left out."""

    currency: str
    amount_minor: int
    amount_minor_by_state: dict[str, int]
    expedited_percent: int
    honorarium_minor: int | None = None
    route: CoverageRoute
    charge_point: ChargePoint
    example: bool


class ProgramView(Program):
    """The program's document as its reader may see it."""

    price: PriceView  # type: ignore[assignment]  # the same members, one of them left out for some

    @classmethod
    def of(cls, program: Program, *, pay: bool) -> "ProgramView":
        hidden = {} if pay else {"price": {"honorarium_minor"}}
        return cls.model_validate(program.model_dump(exclude=hidden))


class RowBody(Request):
    country: Country
    state: State
    county: Line | None = None
    decision: JurisdictionDecision
    rule: Line | None = None
    source: Line | None = None
    checked_on: date | None = None

    def value(self) -> JurisdictionRow:
        return JurisdictionRow(**self.model_dump())


class JurisdictionsBody(Request):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "version": 2,
                    "effective_from": "2026-01-01",
                    "rows": [{"country": "US", "state": "MA", "decision": "licensed"}],
                }
            ]
        }
    )

    version: int = Field(ge=1)
    effective_from: date
    rows: list[RowBody] = Field(max_length=5000)


class JurisdictionsView(BaseModel):
    version: int
    effective_from: date
    rows: tuple[JurisdictionRow, ...]


class DocumentVersion(BaseModel):
    version: int


def _stream(call: Call, aggregate: str, id_: str) -> str:
    """Programs and jurisdictions stand in the operator's streams."""
    return stream_id(call.service.settings.operator_organisation_id, aggregate, id_)


@router.get("/v1/programs", response_model=ProgramList, summary="Programs", **PUBLIC)
def list_programs(call: Annotated[Call, Depends(permitted("program.read"))]) -> ProgramList:
    with call.read() as tx:
        newest = [versions.versions[-1] for versions in queries.programs(tx).values()]
    rows = [
        ProgramRow(
            program_id=each.program_id,
            version=each.version,
            name=each.name,
            organisation_id=each.organisation_id,
            effective_from=each.effective_from,
        )
        for each in newest
    ]
    return ProgramList(items=rows)


@router.get(
    "/v1/programs/{program_id}",
    response_model=ProgramView,
    response_model_exclude_unset=True,
    summary="A program's document",
    **PUBLIC,
)
def read_program(
    program_id: str, call: Annotated[Call, Depends(permitted("program.read"))], version: int | None = None
) -> ProgramView:
    """The version asked for, else the one in force: its terms, red-flag questions, checklists and timers."""
    with call.read() as tx:
        versions = queries.program_versions(tx, program_id)
    wanted = version if version is not None or not versions.versions else versions.in_force(call.now).version
    found = None if wanted is None else versions.version(wanted)
    if found is None:
        raise unknown("program_unknown", "There is no such program, or not in this version.")
    return ProgramView.of(found, pay=call.principal.may("specialist_pay.read"))


@router.post(
    "/v1/programs", status_code=201, response_model=ProgramRef, summary="Publish a version of a program", **STAFF
)
def publish_program(body: Program, call: Annotated[Call, Depends(permitted("program.publish"))]) -> Response:
    """Validated whole. Running cases keep the version they were submitted under. 403 for another organisation's program."""
    call.may_act_for(body.organisation_id)

    def work(tx: Tx) -> ProgramRef:
        operator = call.service.settings.operator_organisation_id
        if body.organisation_id != operator and queries.organisation(tx, body.organisation_id) is None:
            raise invalid("organisation_unknown", "No organisation is registered under this id.", "/organisation_id")
        command = PublishProgram(program=body, now=call.now)
        call.service.store.execute(tx, PROGRAM, _stream(call, "program", body.program_id), command, call.meta())
        return body.ref()

    return call.command(work)


@router.get("/v1/jurisdictions", response_model=JurisdictionsView, summary="Jurisdictions in force", **STAFF)
def read_jurisdictions(
    call: Annotated[Call, Depends(permitted("program.read"))], on: date | None = None
) -> JurisdictionsView:
    """In force today or on the day given. A place without a row is silent."""
    with call.read() as tx:
        edition = queries.jurisdictions_in_force(tx, on or call.now.date())
    return JurisdictionsView(version=edition.version, effective_from=edition.effective_from, rows=edition.rows)


@router.post(
    "/v1/jurisdictions",
    status_code=201,
    response_model=DocumentVersion,
    summary="Publish a version of the jurisdictions",
    **STAFF,
)
def publish_jurisdictions(
    body: JurisdictionsBody, call: Annotated[Call, Depends(permitted("jurisdictions.publish"))]
) -> Response:
    command = PublishJurisdictions(
        version=body.version,
        effective_from=body.effective_from,
        rows=tuple(row.value() for row in body.rows),
        now=call.now,
    )

    def work(tx: Tx) -> DocumentVersion:
        stream = _stream(call, "jurisdictions", "all")
        executed = call.service.store.execute(tx, JURISDICTIONS, stream, command, call.meta())
        return DocumentVersion(version=executed.state.editions[-1].version)

    return call.command(work)
