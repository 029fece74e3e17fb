"""FHIR R4: what real bundles are recognised as, and what is refused."""

import gzip
import json
import time
from datetime import date
from typing import Any

import pytest
from hypothesis import given as given_values
from hypothesis import strategies as st

from records import material
from rso_records_compiler.formats import fhir
from rso_shared.contracts.vocabulary import RecordKind
from rso_shared.kit.errors import DomainError

K = RecordKind


def test_a_full_patient_record_of_14_mb_is_read_in_seconds():
    content = material.unpacked(material.BREAST)
    started = time.perf_counter()
    found = fhir.recognise(content)
    assert time.perf_counter() - started < 5
    assert len(content) > 12_000_000
    assert dict(found.resources)["Observation"] == 902
    assert dict(found.resources)["DiagnosticReport"] == 423
    assert "Claim" not in dict(found.resources)
    assert dict(found.evidence)[K.LAB] == 366
    assert {K.CLINICAL_NOTE, K.IMAGING_STUDY, K.MEDICATION_LIST, K.OPERATIVE_NOTE, K.PATHOLOGY_REPORT} <= set(
        dict(found.evidence)
    )
    assert found.kind is K.CLINICAL_NOTE
    assert found.subject is not None
    assert (found.subject.family, found.subject.born) == ("Koepp521", date(1974, 5, 21))
    assert found.month == "2026-11"
    assert len(found.facilities) > 1


def test_oncology_reports_filed_under_laboratory_are_told_apart():
    found = fhir.recognise(material.real(material.MCODE))
    counted = dict(found.evidence)
    assert counted[K.GENOMIC] >= 2
    assert counted[K.PATHOLOGY_REPORT] >= 2
    assert counted[K.OPERATIVE_NOTE] == 1
    assert found.facilities == ("Physician Services, Inc.",)


def test_one_resource_is_a_document_too():
    found = fhir.recognise(material.real(material.GINGIVAL))
    assert (found.kind, found.month, found.subject) == (K.PATHOLOGY_REPORT, "2017-03", None)
    assert found.title == "Biopsy without Microscopic Description (1 Site/Lesion)-Standard"


def test_a_laboratory_bundle_has_no_patient():
    found = fhir.recognise(material.real(material.LABORATORY))
    assert (found.kind, dict(found.resources), found.subject) == (
        K.LAB,
        {"DiagnosticReport": 1, "Observation": 16},
        None,
    )


def test_a_bundle_without_anything_clinical_is_other():
    found = fhir.recognise(material.unpacked(material.HOSPITALS))
    assert (found.kind, found.evidence, found.resources, found.dated) == (K.OTHER, (), (), None)


def test_a_foreign_export_is_read():
    found = fhir.recognise(material.unpacked(material.COLON))
    assert dict(found.evidence)[K.OPERATIVE_NOTE] == 1
    assert found.facilities == ("GOOD SAMARITAN MEDICAL CENTER",)


def bundle(*resources: dict[str, Any], **more: Any):
    return json.dumps(
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources], **more}
    )


def coded(type_, code, **more: Any):
    return {"resourceType": type_, "code": {"coding": [{"system": "http://loinc.org", **code}]}, **more}


def category(code):
    return [{"coding": [{"code": code}]}]


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        (coded("DiagnosticReport", {"code": "22637-3"}, category=category("LAB")), K.PATHOLOGY_REPORT),
        (coded("DiagnosticReport", {"code": "x", "display": "MR Brain: magnetic resonance"}), K.IMAGING_REPORT),
        (coded("DiagnosticReport", {"code": "x"}, category=category("RAD")), K.IMAGING_REPORT),
        (coded("DiagnosticReport", {"code": "x"}, category=category("GE")), K.GENOMIC),
        (coded("DiagnosticReport", {"code": "58410-2"}), K.LAB),
        (coded("DiagnosticReport", {"code": "69737-5", "display": "Generalized anxiety disorder 7 item"}), None),
        (coded("Observation", {"code": "718-7"}, category=category("laboratory")), K.LAB),
        (coded("Observation", {"code": "69548-6"}, category=category("laboratory")), K.GENOMIC),
        (coded("Observation", {"code": "8867-4"}, category=category("vital-signs")), None),
        (coded("Procedure", {"code": "1", "display": "Excision of axillary lymph node (procedure)"}), K.OPERATIVE_NOTE),
        (coded("Procedure", {"code": "1"}, category=category("387713003")), K.OPERATIVE_NOTE),
        (coded("Procedure", {"code": "1", "display": "Gingivectomy, per tooth"}), None),
        (coded("Procedure", {"code": "1", "display": "Phlebotomy"}), None),
        ({"resourceType": "DocumentReference"}, K.CLINICAL_NOTE),
        ({"resourceType": "DocumentReference", "type": {"coding": [{"code": "11504-8"}]}}, K.OPERATIVE_NOTE),
        ({"resourceType": "ImagingStudy"}, K.IMAGING_STUDY),
        ({"resourceType": "MedicationRequest"}, K.MEDICATION_LIST),
        ({"resourceType": "Patient"}, None),
    ],
)
def test_what_a_resource_speaks_for(resource, kind):
    found = fhir.recognise(bundle(resource).encode())
    assert found.evidence == (((kind, 1),) if kind else ())


def test_a_document_bundle_is_what_its_composition_is():
    note = {
        "resourceType": "Composition",
        "title": "Tumour board",
        "type": {"coding": [{"code": "11488-4"}]},
        "date": "2026-01",
    }
    found = fhir.recognise(bundle(note, coded("Observation", {"code": "1"}, category=category("laboratory"))).encode())
    assert (found.title, found.kind, found.month) == ("Tumour board", K.CLINICAL_NOTE, "2026-01")


def test_a_byte_order_mark_is_no_obstacle():
    assert fhir.recognise(b"\xef\xbb\xbf" + bundle({"resourceType": "ImagingStudy"}).encode()).kind is K.IMAGING_STUDY


@pytest.mark.parametrize(
    ("content", "code", "pointer"),
    [
        (b'{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Obs', "bundle_truncated", None),
        (b'{"resourceType" "Bundle"}', "json_malformed", None),
        (b'{"resourceType": "Bundle\xff"}', "utf8_invalid", None),
        (b'{"hello": 1}', "fhir_resource_type_missing", ""),
        (b"[]", "fhir_resource_type_missing", ""),
        (b'{"resourceType": "Banana"}', "fhir_resource_type_unknown", "/resourceType"),
        (b'{"resourceType": "Bundle"}', "bundle_empty", "/entry"),
        (b'{"resourceType": "Bundle", "entry": []}', "bundle_empty", "/entry"),
        (b'{"resourceType": "Bundle", "entry": [{"fullUrl": "urn:x"}]}', "bundle_empty", "/entry"),
        (b'{"resourceType": "Bundle", "entry": {}}', "bundle_entry_invalid", "/entry"),
        (b'{"resourceType": "Bundle", "entry": [4]}', "bundle_entry_invalid", "/entry/0"),
        (b'{"resourceType": "Bundle", "entry": [{"resource": 4}]}', "fhir_resource_type_missing", "/entry/0/resource"),
        (
            b'{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "X"}}]}',
            "fhir_resource_type_unknown",
            "/entry/0/resource/resourceType",
        ),
    ],
)
def test_what_is_refused(content, code, pointer):
    with pytest.raises(DomainError) as refusal:
        fhir.recognise(content)
    assert (refusal.value.code, refusal.value.status, refusal.value.pointer) == (code, 422, pointer)


def test_every_truncation_of_a_bundle_is_refused():
    content = material.real(material.LABORATORY).rstrip()
    for cut in range(1, len(content), 997):
        with pytest.raises(DomainError) as refusal:
            fhir.recognise(content[:cut])
        assert refusal.value.code == "bundle_truncated"


def test_refusals_quote_nothing():
    with pytest.raises(DomainError) as refusal:
        fhir.recognise(b'{"family": "Koepp521" "given"}')
    assert "Koepp521" not in str(refusal.value) + refusal.value.detail
    assert refusal.value.__suppress_context__


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["resourceType", "code", "coding", "category", "type", "name", "family", "given", "period", "entry", "resource",
             "performer", "contained", "birthDate", "issued", "display", "text", "serviceProvider", "reference", "title"]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip
types = st.sampled_from(
    ["Patient", "Observation", "DiagnosticReport", "Procedure", "Composition", "Organization", "Encounter"]
)


@given_values(
    st.lists(st.tuples(types, st.dictionaries(st.text(max_size=4), junk, max_size=2), junk), min_size=1, max_size=4)
)
def test_resources_of_any_shape_are_recognised_or_refused_never_an_error(resources):
    made = [
        {**extra, **(shape if isinstance(shape, dict) else {}), "resourceType": type_}
        for type_, extra, shape in resources
    ]
    found = fhir.recognise(gzip.decompress(gzip.compress(bundle(*made).encode())))
    assert sum(count for _, count in found.evidence) <= len(made)
