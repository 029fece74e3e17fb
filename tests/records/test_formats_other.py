"""C-CDA, HL7 v2, PDF, DICOM: real files, broken files."""

import gzip
from datetime import date

import pytest

from records import material
from rso_records_compiler.formats import ccda, hl7v2
from rso_records_compiler.formats.dicom import DicomHead
from rso_records_compiler.formats.pdf import PdfScan
from rso_shared.contracts.vocabulary import RecordKind
from rso_shared.kit.errors import DomainError

K = RecordKind


def refused(read, *arguments: object):
    with pytest.raises(DomainError) as refusal:
        read(*arguments)
    return refusal.value.code


def scanned(reader, content, step):
    for start in range(0, len(content), step):
        reader.feed(content[start : start + step])
    return reader.finish()


# C-CDA


def test_an_operative_note():
    found = ccda.recognise(material.real(material.OPNOTE))
    assert (found.kind, found.title, found.dated) == (K.OPERATIVE_NOTE, "Operative Report", date(2013, 6, 25))
    assert ("loinc", "11504-8") in found.details


def test_a_consultation_note_with_its_sections():
    found = ccda.recognise(material.real(material.CONSULTATION))
    assert found.kind is K.CLINICAL_NOTE
    assert {K.LAB, K.MEDICATION_LIST} <= set(dict(found.evidence))
    assert found.facilities[0] == "Good Health HIE"
    assert any(name == "section" for name, _ in found.details)


def test_a_record_of_two_megabytes():
    found = ccda.recognise(gzip.decompress(material.real(material.BREAST_CCDA)))
    assert found.subject is not None
    assert (found.subject.family, found.subject.born) == ("Koepp521", date(1974, 5, 21))


CDA = '<ClinicalDocument xmlns="urn:hl7-org:v3"><code code="11488-4"/><title>Note</title></ClinicalDocument>'


def test_the_parser_resolves_nothing(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("never read")
    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{secret}">]>' + CDA.replace("Note", "&e;")
    assert refused(ccda.recognise, entity.encode()) == "xml_doctype_refused"
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE x [<!ENTITY a0 "ha">{laughs}]>' + CDA.replace("Note", "&a11;")
    assert refused(ccda.recognise, bomb.encode()) in {"xml_doctype_refused", "xml_malformed"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (CDA[:-5], "document_truncated"),
        (CDA[: len(CDA) // 2], "document_truncated"),
        ("<ClinicalDocument><a></b></ClinicalDocument>", "xml_malformed"),
        ("<Bundle xmlns='http://hl7.org/fhir'/>", "ccda_root_missing"),
        ("<ClinicalDocument/>", "ccda_root_missing"),
    ],
)
def test_xml_that_is_refused(content, code):
    assert refused(ccda.recognise, content.encode()) == code


def test_a_plain_document():
    found = ccda.recognise(CDA.encode())
    assert (found.kind, found.title, found.subject, found.dated) == (K.CLINICAL_NOTE, "Note", None, None)


# HL7 v2


def test_a_laboratory_message_with_a_byte_order_mark():
    found = hl7v2.recognise(material.real(material.ORU_WITH_BOM))
    assert (found.kind, found.title, found.month) == (K.LAB, "Hemogram and platelet count, automated", "2014-10")
    assert ("message_type", "ORU^R01") in found.details


def test_other_messages():
    assert hl7v2.recognise(material.real(material.ORU)).facilities == ("IA Public Health Lab",)
    assert ("message_type", "MDM^T02^MDM_T02") in hl7v2.recognise(material.real(material.MDM)).details


HEADER = r"MSH|^~\&|APP|North Clinic|X|Y|20260114093000||ORU^R01|1|P|2.5"


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_any_line_end(end):
    message = end.join(
        [HEADER, "PID|1||7||Doe^Jane||19700101", "OBR|1|||1^Surgical pathology|||20260110", "OBX|1|TX|x"]
    )
    found = hl7v2.recognise(message.encode())
    assert (found.kind, found.dated, found.facilities) == (K.PATHOLOGY_REPORT, date(2026, 1, 10), ("North Clinic",))
    assert found.subject is not None
    assert found.subject.born == date(1970, 1, 1)


def test_a_note_and_an_unknown_message():
    assert hl7v2.recognise(HEADER.replace("ORU^R01", "MDM^T02").encode() + b"\rTXA|1").kind is K.CLINICAL_NOTE
    assert hl7v2.recognise(HEADER.replace("ORU^R01", "ADT^A08").encode() + b"\rEVN|A08").kind is K.OTHER
    assert hl7v2.recognise(HEADER.encode() + "\rNTE|1||Müller".encode("latin-1")).kind is K.LAB


def test_messages_that_are_refused():
    assert refused(hl7v2.recognise, HEADER.encode()) == "document_truncated"
    assert refused(hl7v2.recognise, HEADER.encode() + b"\rand then some prose") == "hl7_malformed"
    assert refused(hl7v2.recognise, b"FHS|^~\\&|x\rBHS|^~\\&|x") == "hl7_malformed"


# PDF


@pytest.mark.parametrize("step", [1, 7, 64, 1 << 20])
def test_a_pdf_in_pieces_of_any_size(step):
    found = scanned(PdfScan(), material.pdf(5), step)
    assert (found.pages, found.title, found.month) == (5, "Pathology report", "2026-01")
    assert found.details == (("version", "1.7"),)
    assert found.kind is K.OTHER


def test_pages_are_counted_one_by_one_where_the_tree_is_out_of_reach():
    far = b"%PDF-1.4\n" + b"x" * 100_000 + b"<< /Type /Page >> << /Type/Page /A 1 >>" + b"x" * 100_000 + b"%%EOF"
    for step in (13, 4096, 1 << 20):
        assert scanned(PdfScan(), far, step).pages == 2
    assert scanned(PdfScan(), b"%PDF-1.7\ncompressed\n%%EOF", 99).pages is None
    assert scanned(PdfScan(), b"%PDF-1.7\n<< /Linearized 1 /L 900 /N 12 >>\n%%EOF", 99).pages == 12


def test_a_pdf_without_its_end_is_refused():
    assert refused(scanned, PdfScan(), material.pdf()[:-8], 99) == "document_truncated"


def test_memory_for_a_large_pdf_stays_small():
    scan = PdfScan()
    for _ in range(64):
        scan.feed(b"x" * (1 << 20))
    assert len(scan._head) + len(scan._tail) <= 2 * 64 * 1024


# DICOM


@pytest.mark.parametrize(
    ("name", "kind", "modality", "month"),
    [
        ("CT_small.dcm", K.IMAGING_STUDY, "CT", "2004-01"),
        ("MR_small.dcm", K.IMAGING_STUDY, "MR", "2004-08"),
        ("reportsi.dcm", K.IMAGING_REPORT, "SR", "2005-05"),
        ("rtplan.dcm", K.OTHER, "RTPLAN", "2003-07"),
        ("image_dfl.dcm", K.IMAGING_STUDY, "OT", None),
    ],
)
def test_a_study(name, kind, modality, month):
    found = scanned(DicomHead(), material.dicom(name), 10_000)
    details = dict(found.details)
    assert found.kind is kind
    assert details["study_uid"]
    assert (details["modality"], found.month) == (modality, month)


@pytest.mark.parametrize("name", ["rtplan_truncated.dcm", "MR_truncated.dcm"])
def test_a_cut_study_is_refused(name):
    assert refused(scanned, DicomHead(), material.dicom(name), 10_000) == "document_truncated"


def test_every_cut_is_refused_or_at_least_no_error():
    content = material.dicom("CT_small.dcm")
    for cut in range(140, len(content), 1777):
        assert refused(scanned, DicomHead(), content[:cut], 1 << 20) in {
            "document_truncated",
            "dicom_malformed",
            "dicom_study_missing",
        }


def test_a_study_larger_than_the_head_is_read_as_far_as_needed():
    found = scanned(DicomHead(), material.dicom("CT_small.dcm") + b"\0" * (2 << 20), 1 << 20)
    assert dict(found.details)["modality"] == "CT"


def test_a_file_without_a_study_is_refused():
    assert refused(scanned, DicomHead(), material.dicom("JPEGLSNearLossless_08.dcm"), 1 << 20) == "dicom_study_missing"
