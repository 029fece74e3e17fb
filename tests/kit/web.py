"""The routes of the sample service and its spec: what a service looks like to the kit."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from kit import sample
from rso_shared.kit import facts, notices
from rso_shared.kit.database import Tx
from rso_shared.kit.errors import KeyDestroyed, NotYet, Transient, invalid
from rso_shared.kit.facts import Fact
from rso_shared.kit.reactions import Reacting, Subscription
from rso_shared.kit.sealed import Sealed
from rso_shared.kit.spec import ServiceSpec
from rso_shared.kit.web.as_of import AsOf
from rso_shared.kit.web.call import PUBLIC, STAFF, Call, Purpose, permitted

router = APIRouter(tags=["sample"])


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Submission(Strict):
    name: str = Field(max_length=40)
    email: str = "ada@example.org"
    colour: sample.Colour = sample.Colour.RED
    answers: dict[str, bool] = {}


class Note(Strict):
    text: str = ""


class CaseVersion(BaseModel):
    case_id: str
    version: int


class PersonView(BaseModel):
    name: str


class Taken(BaseModel):
    size: int


@router.post("/v1/cases", status_code=201, summary="Open a case", response_model=CaseVersion, **PUBLIC)
def submit(body: Submission, call: Annotated[Call, Depends(permitted("case.submit"))]) -> Response:
    case_id, person_id, notice_id = call.new_id(), call.new_id(), call.new_id()
    person = Sealed(person_id, sample.Person(body.name, body.email))
    command = sample.Open(case_id, person, call.now, body.colour)

    def work(tx: Tx) -> CaseVersion:
        done = call.service.store.execute(tx, sample.CASE, sample.stream(case_id), command, call.meta())
        notices.request(
            call.service.store, tx, sample.NOTICES, organisation_id="operator", notice_id=notice_id, case_id=case_id,
            person_id=person_id, address=notices.Address(body.name, body.email), template="greeting",
            path=f"/c/{case_id}", meta=call.meta(),
        )  # fmt: skip
        return CaseVersion(case_id=case_id, version=done.version)

    return call.command(work)


@router.post("/v1/cases/{case_id}/notes", status_code=201, response_model=CaseVersion, **PUBLIC)
def note(case_id: str, body: Note, call: Annotated[Call, Depends(permitted("case.questions.revise"))]) -> Response:
    note_id = call.new_id()

    def work(tx: Tx) -> CaseVersion:
        if body.text == "refuse":
            raise invalid("text_refused", "This text is refused.", "/text")
        command = sample.AddNote(case_id, note_id)
        done = call.service.store.execute(tx, sample.CASE, sample.stream(case_id), command, call.meta())
        return CaseVersion(case_id=case_id, version=done.version)

    return call.command(work)


@router.get("/v1/cases/{case_id}", **PUBLIC)
def read(case_id: str, call: Annotated[Call, Depends(permitted("case.read"))], as_of: AsOf) -> CaseVersion:
    with call.read() as tx:
        folded = call.service.store.fold(tx, sample.CASE, sample.stream(case_id), as_of=as_of)
    return CaseVersion(case_id=case_id, version=folded.version)


@router.get("/v1/cases/{case_id}/person", **PUBLIC)
def person(case_id: str, call: Annotated[Call, Depends(permitted("case.person.read"))]) -> PersonView:
    with call.read() as tx:
        opened = call.service.store.fold(tx, sample.CASE, sample.stream(case_id)).state.opened
    assert opened is not None
    call.reveal(case_id=case_id, person_id=opened.person.person_id, what="person", purpose=Purpose.CARE)
    return PersonView(name=opened.person.open().name)


@router.post("/v1/cases/{case_id}/documents", status_code=201, response_model=Taken, **PUBLIC)
async def upload(case_id: str, request: Request, call: Annotated[Call, Depends(permitted("document.upload"))]) -> Taken:
    return Taken(size=sum([len(part) async for part in request.stream()]))


OUTCOMES = {"not-yet": NotYet("something"), "away": Transient("engine"), "erased": KeyDestroyed("person-1")}


@router.get("/v1/outcomes/{name}", **STAFF)
def outcome(name: str, call: Annotated[Call, Depends(permitted("program.read"))]) -> CaseVersion:
    raise OUTCOMES.get(name) or RuntimeError(f"a bug that quotes {name}")


def _arrived(reacting: Reacting, fact: Fact) -> None:
    """Every arrival is a note, and depends on a fact of the third service."""
    facts.require(reacting.tx, sample.Based, fact.key)
    note_id = reacting.new_id("note")
    stream = sample.stream(fact.key)
    reacting.store.execute(reacting.tx, sample.CASE, stream, sample.AddNote(fact.key, note_id), reacting.meta)


SUBSCRIPTION = Subscription(
    keeps=frozenset({sample.Based}),
    reactions={sample.Arrived: _arrived},
)
SPEC = ServiceSpec(
    name=sample.SAMPLE, metadata=sample.METADATA, routers=(router,), projections=(sample.PROJECTION,),
    publish=sample.publish, subscription=SUBSCRIPTION, notices=sample.NOTICES,
)  # fmt: skip
