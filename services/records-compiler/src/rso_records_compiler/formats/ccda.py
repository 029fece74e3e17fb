"""C-CDA R2.1: header and section list, no more. The parser resolves no entity, asks no network and reads no giant tree."""

from collections.abc import Iterator

from lxml import etree  # type: ignore[import-untyped]

from rso_records_compiler.formats.codes import LOINC_KINDS, by_words
from rso_records_compiler.formats.media import Format
from rso_records_compiler.formats.recognition import Recognition, Subject, day_of, evidence, named, newest, short
from rso_shared.contracts.vocabulary import RecordKind
from rso_shared.kit.errors import DomainError, invalid

_NS = {"c": "urn:hl7-org:v3"}
_ROOT = "{urn:hl7-org:v3}ClinicalDocument"
MAX_SECTIONS = 60


def recognise(content: bytes) -> Recognition:
    """Raises DomainError 422: `document_truncated`, `xml_malformed`, `xml_doctype_refused`, `ccda_root_missing`."""
    root = _parsed(content)
    sections = list(_sections(root))
    code = _value(root, "c:code/@code")
    kinds = [LOINC_KINDS.get(code), *(LOINC_KINDS.get(section_code) for section_code, _ in sections)]
    title = short(_value(root, "c:title//text()")) or short(_value(root, "c:code/@displayName"))
    return Recognition(
        format=Format.CCDA,
        kind=kinds[0] or by_words(title or "") or RecordKind.CLINICAL_NOTE,
        evidence=evidence(kinds),
        title=title,
        dated=newest(root.xpath("c:effectiveTime/@value", namespaces=_NS)),
        facilities=_facilities(root),
        details=tuple(_details(root, code, sections)),
        subject=_subject(root),
    )


def _parsed(content: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as problem:
        raise _unreadable(content, problem.position) from None
    if root.getroottree().docinfo.doctype:
        raise invalid("xml_doctype_refused", "A clinical document has no DOCTYPE; send it without.")
    if root.tag != _ROOT:
        raise invalid("ccda_root_missing", "The XML is no ClinicalDocument of HL7 v3. FHIR is read as JSON.")
    return root


def _unreadable(content: bytes, position: tuple[int, int]) -> DomainError:
    """Cut off if the parser came to the very end. From None and without its text: its message quotes the document."""
    lines = content.split(b"\n")
    if position[0] >= len(lines) and position[1] >= len(lines[-1]) - 1:
        return invalid("document_truncated", "The XML ends before it is complete. Send the whole document again.")
    return invalid("xml_malformed", "The document is not well-formed XML.")


def _value(element: etree._Element, path: str) -> str:
    found = element.xpath(path, namespaces=_NS)
    return str(found[0]) if found else ""


def _sections(root: etree._Element) -> Iterator[tuple[str, str]]:
    path = "c:component/c:structuredBody/c:component/c:section"
    for section in root.xpath(path, namespaces=_NS)[:MAX_SECTIONS]:
        yield _value(section, "c:code/@code"), short(_value(section, "c:title//text()")) or ""


def _facilities(root: etree._Element) -> tuple[str, ...]:
    paths = (
        "c:custodian/c:assignedCustodian/c:representedCustodianOrganization/c:name",
        "c:author/c:assignedAuthor/c:representedOrganization/c:name",
        "c:recordTarget/c:patientRole/c:providerOrganization/c:name",
    )
    names = [name for path in paths for name in root.xpath(path, namespaces=_NS)]
    return named("".join(name.itertext()) for name in names)


def _details(root: etree._Element, code: str, sections: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    yield "loinc", code
    yield "set_id", _value(root, "c:setId/@extension") or _value(root, "c:setId/@root")
    yield "version", _value(root, "c:versionNumber/@value")
    for section_code, title in sections:
        yield "section", f"{section_code} {title}".strip()


def _subject(root: etree._Element) -> Subject | None:
    path = "c:recordTarget/c:patientRole/c:patient"
    patient = next(iter(root.xpath(path, namespaces=_NS)), None)
    if patient is None:
        return None
    family, given = _value(patient, "c:name/c:family/text()"), _value(patient, "c:name/c:given/text()")
    return Subject(family.strip(), given.strip(), day_of(_value(patient, "c:birthTime/@value")))
