"""Which kind of record one FHIR resource speaks for."""

from collections.abc import Callable

from rso_records_compiler.formats import codes
from rso_records_compiler.formats.fhir_values import Resource, codings, words
from rso_shared.contracts.vocabulary import RecordKind

_NAMES = """
AllergyIntolerance BodyStructure CarePlan CareTeam ClinicalImpression Composition Condition Device
DiagnosticReport DocumentReference Encounter EpisodeOfCare FamilyMemberHistory Goal ImagingStudy Immunization
Media Medication MedicationAdministration MedicationDispense MedicationRequest MedicationStatement
MolecularSequence Observation Procedure QuestionnaireResponse RiskAssessment ServiceRequest Specimen
"""

CLINICAL = frozenset(_NAMES.split())
"""Resource types that say something about the patient's health: what is counted. Claims and payments do not."""

_SURGICAL = frozenset({"387713003", "surgery", "surgical"})


def kind_of(resource: Resource) -> RecordKind | None:
    reader = _READERS.get(resource["resourceType"])
    return reader(resource) if reader else None


def _report(resource: Resource) -> RecordKind | None:
    """The report's own code, then its words, then the department: a pathology report is often filed under LAB."""
    code = resource.get("code")
    return codes.by_code(codings(code)) or codes.by_words(words(code)) or codes.by_section(_categories(resource))


def _observation(resource: Resource) -> RecordKind | None:
    """Only laboratory observations; findings on tissue speak for pathology, findings on DNA for genomics."""
    section = codes.by_section(_categories(resource))
    if section not in {RecordKind.LAB, RecordKind.GENOMIC}:
        return None
    code = resource.get("code")
    found = codes.by_code(codings(code)) or codes.by_words(words(code))
    return found if found in {RecordKind.GENOMIC, RecordKind.PATHOLOGY_REPORT} else section


def _procedure(resource: Resource) -> RecordKind | None:
    surgical = any(coding.code.lower() in _SURGICAL for coding in codings(resource.get("category")))
    return RecordKind.OPERATIVE_NOTE if surgical or codes.is_operation(words(resource.get("code"))) else None


def _document(resource: Resource) -> RecordKind:
    type_ = resource.get("type")
    return codes.by_code(codings(type_)) or codes.by_words(words(type_)) or RecordKind.CLINICAL_NOTE


def _always(kind: RecordKind) -> Callable[[Resource], RecordKind]:
    return lambda _resource: kind


def _categories(resource: Resource) -> list[codes.Coding]:
    return codings(resource.get("category"))


_READERS: dict[str, Callable[[Resource], RecordKind | None]] = {
    "DiagnosticReport": _report,
    "Observation": _observation,
    "Procedure": _procedure,
    "DocumentReference": _document,
    "Composition": _document,
    "ImagingStudy": _always(RecordKind.IMAGING_STUDY),
    "MedicationRequest": _always(RecordKind.MEDICATION_LIST),
    "MedicationStatement": _always(RecordKind.MEDICATION_LIST),
    "MolecularSequence": _always(RecordKind.GENOMIC),
}
