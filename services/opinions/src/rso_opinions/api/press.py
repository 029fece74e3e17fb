"""From a signed opinion to its pair of PDFs, staged as sealed blobs. Runs before the release transaction, never inside one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rso_opinions import cases
from rso_opinions.api.work import Seen, seen
from rso_opinions.domain.guards import submitted_version
from rso_opinions.domain.opinion_commands import Rendered
from rso_opinions.domain.opinion_events import OpinionSigned, Rendering, RenderingHashes, RenderingKind
from rso_opinions.domain.opinion_state import ReviewState
from rso_opinions.domain.statements import STATEMENTS
from rso_opinions.rendering.document import Record, SignatureBlock, Source, lay_out
from rso_opinions.rendering.pdf import render
from rso_opinions.rendering.people import CasePerson, CaseQuestions, SpecialistPerson
from rso_shared.kit.blobs import StoredBlob
from rso_shared.kit.database import Tx
from rso_shared.kit.web.call import Call, Purpose


@dataclass(frozen=True, slots=True)
class Pressed:
    """A staged pair: it is kept only if the release's transaction records it, else the sweeper takes it."""

    rendered: Rendered
    blobs: tuple[StoredBlob, ...]


def press(call: Call, case_id: str) -> Pressed | None:
    """None if there is nothing to render: not signed, or the one pair is kept already."""
    with call.read() as tx:
        found = seen(call, tx, case_id)
        signed = found.opinion.signed
        if signed is None or found.opinion.state is not ReviewState.SIGNED:
            return None
        record = _record(tx, found)
    return _stage(call, found.opinion.person_id, lay_out(_source(call, found, signed, record)))


def _record(tx: Tx, found: Seen) -> Record:
    case = found.case
    return Record(
        program_name=cases.program(tx, case.program).name,
        reference_last_four=case.reference_last_four,
        documents=cases.documents(tx, case.case_id),
        waived=cases.waived(tx, case.case_id),
    )


def _source(call: Call, found: Seen, signed: OpinionSigned, record: Record) -> Source:
    """Names are asked for now and live no longer than the page they are printed on."""
    case_id, specialist_id = found.case.case_id, signed.specialist_id
    person = _ask(call, f"/internal/v1/intake/cases/{case_id}/person")
    questions = _ask(call, f"/v1/cases/{case_id}/questions")
    specialist = _ask(call, f"/internal/v1/matching/specialists/{specialist_id}/person", about_case=case_id)
    return Source(
        record=record,
        opinion_version=signed.opinion_version,
        report=submitted_version(found.opinion).report.open(),
        signature=SignatureBlock(
            statement=STATEMENTS[signed.statement_version],
            statement_version=signed.statement_version,
            content_sha256=signed.content_sha256,
            signed_at=signed.signed_at,
        ),
        person=CasePerson.model_validate(person),
        questions=CaseQuestions.model_validate(questions),
        specialist=SpecialistPerson.model_validate(specialist),
        synthetic=call.service.settings.sandbox,
    )


def _ask(call: Call, path: str, **more: str) -> dict[str, Any]:
    return call.service.neighbours.get(path, purpose=Purpose.RENDER_REPORT.value, **more)


def _stage(call: Call, person_id: str, data: Mapping[str, Any]) -> Pressed:
    blobs = {
        kind: call.service.blobs.put(person_id, call.new_id(), render(kind, data, call.now)) for kind in RenderingKind
    }
    rendered = Rendered(
        renderings=tuple(Rendering(kind, blob.object_id, blob.size) for kind, blob in blobs.items()),
        hashes=RenderingHashes(blobs[RenderingKind.PATIENT].sha256, blobs[RenderingKind.PHYSICIAN].sha256),
    )
    return Pressed(rendered, tuple(blobs.values()))
