"""A document whose bytes are not what its type says is refused, and nothing of it is kept."""

import gzip

import pytest

from e2e import runs
from e2e.scene import Scene, check
from rso_onebox.demo_story import FHIR_JSON

BUNDLE = runs.text_of(runs.SUEANN)
PDF = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
UPLOADS = {
    "JSON as PDF": (b'{"Quillfeather": 1}', "application/pdf", 415),
    "PDF as FHIR": (PDF, FHIR_JSON, 415),
    "text as DICOM": (b"Quillfeather" * 30, "application/dicom", 415),
    "bundle as HL7": (BUNDLE, "x-application/hl7-v2+er7", 415),
    "a type not taken": (b"Quillfeather", "image/png", 415),
    "nothing": (b"", "application/pdf", 422),
    "empty FHIR": (b"", FHIR_JSON, 422),
    "truncated bundle": (BUNDLE[:5000], FHIR_JSON, 422),
    "no FHIR": (b'{"name": "Quillfeather"}', FHIR_JSON, 422),
    "bundle without entries": (b'{"resourceType": "Bundle", "type": "collection"}', FHIR_JSON, 422),
    "truncated XML": (b"<ClinicalDocument xmlns='urn:hl7-org:v3'><title>Quillfeather", "application/xml", 422),
    "truncated gzip": (gzip.compress(BUNDLE)[:5000], "application/gzip", 422),
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("name", UPLOADS)
def test_a_document_that_is_not_what_it_says(scene: Scene, name: str) -> None:
    (content, media_type, status), kept = UPLOADS[name], scene.box.blobs()
    answer = scene.upload(content, media_type)
    check(answer, status, answer.json()["code"])
    assert scene.box.blobs() == kept
