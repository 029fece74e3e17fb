"""From headers and bytes to a recognition: what is said against what is there, compression, bounds."""

import gzip
import json
from typing import Any

import pytest
from hypothesis import given as given_values
from hypothesis import strategies as st

from records import material
from rso_records_compiler.formats.media import DECLARABLE, Format, declared
from rso_records_compiler.formats.probe import Probe
from rso_shared.contracts.vocabulary import RecordKind
from rso_shared.kit.errors import DomainError

FHIR = json.dumps({"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "ImagingStudy"}}]}).encode()
CDA = b'<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"/>'
HL7 = b"MSH|^~\\&|A|B|C|D|20260101||ORU^R01|1|P|2.5\rPID|1"
SAMPLES = {Format.FHIR: FHIR, Format.CCDA: CDA, Format.HL7V2: HL7, Format.PDF: material.pdf()}
SAMPLES[Format.DICOM] = material.dicom("CT_small.dcm")


def probe(content, media_type, encoding=None, *, step=1 << 20, limit=1 << 25):
    reading = Probe(declared(media_type, encoding), limit)
    for start in range(0, len(content), step):
        reading.feed(content[start : start + step])
    return reading.finish(), reading.gzip


def refused(*arguments: Any, **more: Any):
    with pytest.raises(DomainError) as refusal:
        probe(*arguments, **more)
    return refusal.value


@pytest.mark.parametrize("said", sorted(DECLARABLE))
@pytest.mark.parametrize("there", sorted(SAMPLES))
def test_what_is_said_against_what_is_there(said, there):
    if DECLARABLE[said] is there:
        found, packed = probe(SAMPLES[there], said)
        assert (found.format, packed) == (there, False)
        return
    refusal = refused(SAMPLES[there], said)
    assert (refusal.code, refusal.status) == ("media_type_mismatch", 415)
    assert refusal.facts == {"declared": said, "found": there.value}


@pytest.mark.parametrize("content", [b"\x00\x01\x02" * 100, b"hello", b"PK\x03\x04", b"\x89PNG\r\n"])
def test_bytes_of_no_known_format(content):
    assert refused(content, "application/pdf").facts["found"] == "unknown"


@pytest.mark.parametrize("media_type", [None, "", "text/plain", "application/octet-stream", "image/png", "banana"])
def test_a_type_that_is_not_read(media_type):
    refusal = refused(b"x", media_type)
    assert (refusal.code, refusal.status) == ("media_type_unsupported", 415)
    assert "application/pdf" in refusal.facts["accepted"]


def test_parameters_of_the_type_do_not_matter():
    assert probe(FHIR, "Application/FHIR+JSON; fhirVersion=4.0; charset=utf-8")[0].format is Format.FHIR


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip"])
def test_other_encodings_are_refused(encoding):
    assert refused(FHIR, "application/json", encoding).code == "content_encoding_unsupported"


@pytest.mark.parametrize(
    ("media_type", "encoding"),
    [("application/fhir+json", "gzip"), ("application/fhir+json", None), ("application/gzip", None)],
)
@pytest.mark.parametrize("step", [1, 5, 1 << 20])
def test_compressed_json_by_header_or_by_its_first_bytes(media_type, encoding, step):
    found, packed = probe(gzip.compress(FHIR), media_type, encoding, step=step)
    assert (found.kind, packed) == (RecordKind.IMAGING_STUDY, True)


def test_several_members_are_one_document():
    assert probe(gzip.compress(FHIR[:20]) + gzip.compress(FHIR[20:]), "application/json", step=11)[1]


def test_compression_that_is_only_claimed():
    assert refused(FHIR, "application/json", "gzip").code == "media_type_mismatch"
    assert refused(FHIR, "application/gzip").code == "media_type_mismatch"


def test_compressed_documents_that_are_broken():
    packed = gzip.compress(FHIR)
    assert refused(packed[:-9], "application/json").code == "document_truncated"
    assert refused(packed[:-8] + bytes(8), "application/json").code == "gzip_malformed"
    assert refused(gzip.compress(material.pdf()), "application/pdf").code == "content_encoding_unsupported"
    assert refused(gzip.compress(b""), "application/json").code == "document_empty"


def test_a_bomb_is_stopped_at_the_bound():
    bomb = gzip.compress(b'{"a": "' + b" " * (64 << 20))
    refusal = refused(bomb, "application/json", step=1 << 16)
    assert (refusal.code, refusal.status) == ("bundle_too_large", 413)


def test_text_is_read_whole_up_to_its_limit():
    assert probe(FHIR, "application/json", limit=len(FHIR))[0]
    assert refused(FHIR, "application/json", limit=len(FHIR) - 1).facts["limit_bytes"] == len(FHIR) - 1


def test_an_empty_document():
    assert refused(b"", "application/pdf").code == "document_empty"
    assert refused(b"{", "application/json").code == "bundle_truncated"


def outcome(content, media_type, **more: Any):
    """200 for a recognition, else the status of the refusal; any other exception fails the test."""
    try:
        probe(content, media_type, **more)
    except DomainError as refusal:
        return refusal.status
    return 200


@given_values(st.binary(max_size=300), st.sampled_from(sorted(DECLARABLE)), st.integers(1, 50))
def test_any_bytes_are_recognised_or_refused(content, media_type, step):
    assert outcome(content, media_type, step=step) in {200, 413, 415, 422}


@given_values(st.sampled_from(sorted(SAMPLES)), st.data())
def test_a_sample_with_damage_is_recognised_or_refused(there, data):
    content = bytearray(SAMPLES[there][:4000])
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=8)):
        content[place] = data.draw(st.integers(0, 255))
    media_type = next(name for name, format_ in DECLARABLE.items() if format_ is there)
    assert outcome(bytes(content), media_type) in {200, 413, 415, 422}


def test_a_header_with_a_separator_twice_is_refused():
    content = bytearray(SAMPLES[Format.HL7V2])
    content[3] = ord("&")  # stands among the encoding characters already
    media_type = next(name for name, format_ in DECLARABLE.items() if format_ is Format.HL7V2)
    assert refused(bytes(content), media_type).code == "hl7_malformed"
