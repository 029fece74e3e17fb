"""Codes of the field, as domain.md D.2 spells them."""

from enum import StrEnum


class Role(StrEnum):
    PARTNER = "partner"
    PATIENT = "patient"
    LEGAL_REPRESENTATIVE = "legal_representative"
    LOCAL_PROVIDER = "local_provider"
    CARE_COORDINATOR = "care_coordinator"
    NURSE_CARE_MANAGER = "nurse_care_manager"
    RECORDS_SPECIALIST = "records_specialist"
    SPECIALIST = "specialist"
    QUALITY_REVIEWER = "quality_reviewer"
    MEDICAL_DIRECTOR = "medical_director"
    FINANCE = "finance"
    OPERATIONS = "operations"
    SPONSOR = "sponsor"
    PLATFORM = "platform"
    ORGANISATION_ADMIN = "organisation_admin"
    PRIVACY_OFFICER = "privacy_officer"
    SERVICE = "service"


STAFF_ROLES = frozenset(
    {
        Role.CARE_COORDINATOR, Role.NURSE_CARE_MANAGER, Role.RECORDS_SPECIALIST, Role.QUALITY_REVIEWER, Role.MEDICAL_DIRECTOR,
        Role.FINANCE, Role.OPERATIONS,
    }
)  # fmt: skip
"""The operator's own people."""


class Priority(StrEnum):
    ROUTINE = "routine"
    EXPEDITED = "expedited"
    URGENT = "urgent"


class Stage(StrEnum):
    SUBMITTED = "submitted"
    SCREENING = "screening"
    AWAITING_AUTHORIZATION = "awaiting_authorization"
    AWAITING_PAYMENT = "awaiting_payment"
    COMPILING_RECORDS = "compiling_records"
    SUMMARIZING = "summarizing"
    MATCHING = "matching"
    IN_REVIEW = "in_review"
    QUALITY_REVIEW = "quality_review"
    READY_FOR_DELIVERY = "ready_for_delivery"
    DELIVERED = "delivered"
    CLOSED = "closed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class ConditionGroup(StrEnum):
    BREAST_CANCER = "breast_cancer"
    PROSTATE_CANCER = "prostate_cancer"
    COLORECTAL_CANCER = "colorectal_cancer"
    LUNG_CANCER = "lung_cancer"
    BRAIN_TUMOUR = "brain_tumour"
    BLOOD_CANCER = "blood_cancer"
    GYNAECOLOGICAL = "gynaecological"
    SPINE = "spine"
    JOINT = "joint"
    HEART = "heart"
    BOWEL_DISEASE = "bowel_disease"
    RARE_UNDIAGNOSED = "rare_undiagnosed"


class RequesterRelation(StrEnum):
    SELF = "self"
    LEGAL_REPRESENTATIVE = "legal_representative"
    LOCAL_PROVIDER = "local_provider"
    PARTNER = "partner"


class DeclineReason(StrEnum):
    EMERGENCY = "emergency"
    INPATIENT = "inpatient"
    LITIGATION = "litigation"
    JURISDICTION_PROHIBITED = "jurisdiction_prohibited"
    LOCAL_PROVIDER_REQUIRED = "local_provider_required"
    SPECIALTY_NOT_OFFERED = "specialty_not_offered"
    CONDITION_NOT_COVERED = "condition_not_covered"
    NOT_ELIGIBLE_MEMBER = "not_eligible_member"
    NO_FIRST_OPINION = "no_first_opinion"
    GUARDIAN_REQUIRED = "guardian_required"
    HOME_CATCHMENT = "home_catchment"
    OUT_OF_SCOPE = "out_of_scope"
    INSUFFICIENT_RECORDS = "insufficient_records"
    DUPLICATE = "duplicate"
    FRAUD_SUSPECTED = "fraud_suspected"


class HoldReason(StrEnum):
    WAITING_PATIENT = "waiting_patient"
    WAITING_LOCAL_PROVIDER = "waiting_local_provider"
    WAITING_FACILITY = "waiting_facility"
    WAITING_PATHOLOGY = "waiting_pathology"
    FURTHER_TESTING = "further_testing"
    NO_SPECIALIST = "no_specialist"
    PAYMENT = "payment"
    LEGAL_REVIEW = "legal_review"
    CONFLICT_DISCOVERED = "conflict_discovered"


class LegalHoldReason(StrEnum):
    """Why what is known of a person must stay as it is."""

    LITIGATION = "litigation"
    SUBPOENA = "subpoena"
    AUDIT = "audit"
    INVESTIGATION = "investigation"


class ErasureReason(StrEnum):
    """On whose word a person is erased. None of them lifts a hold or shortens a retention period."""

    PERSON_REQUEST = "person_request"
    REPRESENTATIVE_REQUEST = "representative_request"
    RETENTION_ENDED = "retention_ended"
    AUTHORITY_ORDER = "authority_order"


class OfferDeclineReason(StrEnum):
    OUT_OF_EXPERTISE = "out_of_expertise"
    NO_CAPACITY = "no_capacity"
    CONFLICT = "conflict"
    LICENSURE = "licensure"
    MATERIAL_INSUFFICIENT = "material_insufficient"
    PERSONAL = "personal"


class CloseReason(StrEnum):
    COMPLETED = "completed"
    COMPLETED_NO_FOLLOWUP = "completed_no_followup"
    WITHDRAWN_PATIENT = "withdrawn_patient"
    WITHDRAWN_PROVIDER = "withdrawn_provider"
    EXPIRED_NO_RESPONSE = "expired_no_response"
    DECLINED = "declined"
    UNABLE_TO_OPINE = "unable_to_opine"
    DECEASED = "deceased"
    ENTERED_IN_ERROR = "entered_in_error"


class Effect(StrEnum):
    """diagnosis_effect and treatment_effect."""

    CONFIRMED = "confirmed"
    CLARIFIED = "clarified"
    CHANGED = "changed"
    UNDETERMINED = "undetermined"


class JurisdictionDecision(StrEnum):
    LICENSED = "licensed"
    PERMITTED_DIRECT = "permitted_direct"
    PERMITTED_WITH_LOCAL_PHYSICIAN = "permitted_with_local_physician"
    SILENT_POLICY_REVIEW = "silent_policy_review"
    PROHIBITED = "prohibited"


class RecordKind(StrEnum):
    CLINICAL_NOTE = "clinical_note"
    IMAGING_STUDY = "imaging_study"
    IMAGING_REPORT = "imaging_report"
    PATHOLOGY_SLIDE = "pathology_slide"
    PATHOLOGY_BLOCK = "pathology_block"
    PATHOLOGY_REPORT = "pathology_report"
    LAB = "lab"
    GENOMIC = "genomic"
    OPERATIVE_NOTE = "operative_note"
    MEDICATION_LIST = "medication_list"
    OTHER = "other"


class ReleasePolicy(StrEnum):
    PATIENT_AND_PROVIDER = "patient_and_provider"
    PROVIDER_FIRST = "provider_first"
    PROVIDER_ONLY = "provider_only"
    PATIENT_ONLY = "patient_only"


class CollectionMode(StrEnum):
    CONCIERGE = "concierge"
    SELF_UPLOAD = "self_upload"
    HYBRID = "hybrid"


class CoverageRoute(StrEnum):
    """Who pays: the patient, an employer per case, a health plan, or the partner by invoice."""

    SELF_PAY = "self_pay"
    EMPLOYER_PER_CASE = "employer_per_case"
    PLAN = "plan"
    PARTNER_INVOICE = "partner_invoice"


class ChargePoint(StrEnum):
    """When the program takes its money: before any work on records, or once the opinion is released."""

    BEFORE_RECORDS = "before_records"
    AT_RELEASE = "at_release"
