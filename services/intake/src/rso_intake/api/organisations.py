"""Organisations: who owns programs, sends cases, pays for them, hears of them, keeps records. Names of them name no person."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from rso_intake import queries
from rso_intake.api.models import Code, Line, Request, State
from rso_intake.domain.organisation import (
    ORGANISATION,
    Organisation,
    OrganisationKind,
    RegisterOrganisation,
    StateCoveredLives,
)
from rso_shared.kit import cursor
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import unknown
from rso_shared.kit.store import stream_id
from rso_shared.kit.web.call import STAFF, Call, permitted

router = APIRouter(tags=["catalogue"])

PAGE = 200


class OrganisationBody(Request):
    """`organisation_id` may be chosen, so that documents can refer to it; else one is made."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "facility", "name": "Northside Hospital", "state": "MA"}]}
    )

    organisation_id: Code | None = None
    kind: OrganisationKind
    name: Line
    state: State | None = None


class OrganisationView(BaseModel):
    organisation_id: str
    kind: OrganisationKind
    name: str
    state: str | None


class CoveredLivesBody(Request):
    """How many people the sponsor's programs are open to, members and dependants."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"covered_lives": 5200}]})

    covered_lives: int = Field(ge=0, le=100_000_000)


class CoveredLives(BaseModel):
    organisation_id: str
    covered_lives: int | None
    version: int


class OrganisationPage(BaseModel):
    items: list[OrganisationView]
    next_cursor: str | None


class OrganisationVersion(BaseModel):
    organisation_id: str
    version: int


def _stream(call: Call, organisation_id: str) -> str:
    """Organisations stand in the operator's streams."""
    return stream_id(call.service.settings.operator_organisation_id, "organisation", organisation_id)


@router.get("/v1/organisations", response_model=OrganisationPage, summary="Organisations", **STAFF)
def list_organisations(
    call: Annotated[Call, Depends(permitted("organisation.list"))],
    kind: OrganisationKind | None = None,
    cursor_: Annotated[str | None, Query(alias="cursor", max_length=400)] = None,
) -> OrganisationPage:
    after = cursor.decode(call.service.keys, cursor_, 1)[0] if cursor_ else ""
    with call.read() as tx:
        found = queries.organisations(tx, kind, after, PAGE + 1)
    views = [OrganisationView.model_validate(each, from_attributes=True) for each in found[:PAGE]]
    follows = cursor.encode(call.service.keys, views[-1].organisation_id) if len(found) > PAGE else None
    return OrganisationPage(items=views, next_cursor=follows)


@router.get("/v1/organisations/{organisation_id}", response_model=OrganisationView, summary="An organisation", **STAFF)
def read_organisation(
    organisation_id: str, call: Annotated[Call, Depends(permitted("organisation.read"))]
) -> OrganisationView:
    with call.read() as tx:
        found = queries.organisation(tx, organisation_id)
    if found is None:
        raise unknown("organisation_unknown", "There is no such organisation.")
    return OrganisationView.model_validate(found, from_attributes=True)


@router.post(
    "/v1/organisations",
    status_code=201,
    response_model=OrganisationVersion,
    summary="Register an organisation",
    **STAFF,
)
def register_organisation(
    body: OrganisationBody, call: Annotated[Call, Depends(permitted("organisation.register"))]
) -> Response:
    """The same organisation again, word for word, changes nothing. 403 for another than the caller's, but from the operator."""
    organisation_id = body.organisation_id or call.new_id()
    call.may_act_for(organisation_id)
    organisation = Organisation(organisation_id=organisation_id, kind=body.kind, name=body.name, state=body.state)

    def work(tx: Tx) -> OrganisationVersion:
        command = RegisterOrganisation(organisation=organisation, now=call.now)
        stream = _stream(call, organisation_id)
        executed = call.service.store.execute(tx, ORGANISATION, stream, command, call.meta())
        return OrganisationVersion(organisation_id=organisation_id, version=executed.version)

    return call.command(work)


@router.post(
    "/v1/organisations/{organisation_id}/covered-lives",
    status_code=201,
    response_model=CoveredLives,
    summary="State a sponsor's covered lives",
    **STAFF,
)
def state_covered_lives(
    organisation_id: str,
    body: CoveredLivesBody,
    call: Annotated[Call, Depends(permitted("organisation.covered_lives"))],
) -> Response:
    """Below 50, and while none are stated, nothing about single cases is told to the sponsor or to its platform."""

    def work(tx: Tx) -> CoveredLives:
        command = StateCoveredLives(covered_lives=body.covered_lives, now=call.now)
        stream = _stream(call, organisation_id)
        done = call.service.store.execute(tx, ORGANISATION, stream, command, call.meta())
        lives = done.state.covered_lives if done.state else None
        return CoveredLives(organisation_id=organisation_id, covered_lives=lives, version=done.version)

    return call.command(work)
