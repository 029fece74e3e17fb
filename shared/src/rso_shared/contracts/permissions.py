"""The one permission matrix: what each role may do, and how far its sight reaches. What is not written here is denied.

Reach: ANY every case of the operator; ORGANISATION cases the caller's organisation is a party to; PARTY cases the caller
is a party to in person. Rows without a case (programs, the directory, the ledger) are ANY or absent, but for those of
administrators: OPERATOR is ANY for the operator's own people and nothing for others; ADMINISTERED is ANY for the operator's
own people, and for others what belongs to their organisation.
"""

from enum import StrEnum

from rso_shared.contracts.vocabulary import Role


class Reach(StrEnum):
    ANY = "any"
    ORGANISATION = "organisation"
    PARTY = "party"
    OPERATOR = "operator"
    ADMINISTERED = "administered"


_REQUESTERS = {
    Role.PATIENT: Reach.PARTY,
    Role.LEGAL_REPRESENTATIVE: Reach.PARTY,
    Role.LOCAL_PROVIDER: Reach.PARTY,
    Role.PARTNER: Reach.ORGANISATION,
}
_IN_PERSON = {Role.PATIENT, Role.LEGAL_REPRESENTATIVE, Role.LOCAL_PROVIDER, Role.SPECIALIST}
_PATIENT_SIDE = {Role.PATIENT: Reach.PARTY, Role.LEGAL_REPRESENTATIVE: Reach.PARTY}
_DESK = {Role.CARE_COORDINATOR: Reach.ANY, Role.NURSE_CARE_MANAGER: Reach.ANY}
_DIRECTOR = {Role.MEDICAL_DIRECTOR: Reach.ANY}
_RECORDS = {Role.RECORDS_SPECIALIST: Reach.ANY}
_SPECIALIST = {Role.SPECIALIST: Reach.PARTY}
_QUALITY = {Role.QUALITY_REVIEWER: Reach.ANY, Role.MEDICAL_DIRECTOR: Reach.ANY}
_FINANCE = {Role.FINANCE: Reach.ANY}
_OPERATIONS = {Role.OPERATIONS: Reach.ANY}
_SERVICE = {Role.SERVICE: Reach.ANY}
_ADMIN = {Role.ORGANISATION_ADMIN: Reach.ADMINISTERED, Role.OPERATIONS: Reach.ANY}
_OPERATORS_ADMIN = {Role.ORGANISATION_ADMIN: Reach.OPERATOR, Role.OPERATIONS: Reach.ANY}
_STAFF = {**_DESK, **_DIRECTOR, **_RECORDS, **_OPERATIONS, Role.QUALITY_REVIEWER: Reach.ANY}
_PRIVACY = {Role.PRIVACY_OFFICER: Reach.ANY}
_SUBSCRIBERS = {
    Role.PARTNER: Reach.ORGANISATION,
    Role.SPONSOR: Reach.ORGANISATION,
    Role.PLATFORM: Reach.ORGANISATION,
    Role.ORGANISATION_ADMIN: Reach.ADMINISTERED,
}
_GRANTING = {Role.SPONSOR: Reach.ORGANISATION, Role.ORGANISATION_ADMIN: Reach.ADMINISTERED, **_OPERATIONS}
_CLINICIANS = {Role.NURSE_CARE_MANAGER: Reach.ANY, **_DIRECTOR}

MATRIX: dict[str, dict[Role, Reach]] = {
    # intake
    "case.submit": {**_REQUESTERS, **_DESK},
    "case.read": {**_REQUESTERS, **_STAFF, **_SPECIALIST, **_FINANCE, **_SERVICE, Role.PRIVACY_OFFICER: Reach.ANY},
    "case.list": {**_REQUESTERS, **_STAFF, **_FINANCE},
    "case.join": {Role.PATIENT: Reach.ANY, Role.LEGAL_REPRESENTATIVE: Reach.ANY, Role.LOCAL_PROVIDER: Reach.ANY},
    "case.person.read": {**_REQUESTERS, **_DESK, **_DIRECTOR, **_RECORDS, **_SPECIALIST, **_SERVICE},
    "case.questions.read": {**_REQUESTERS, **_STAFF, **_SPECIALIST, **_SERVICE},
    "case.questions.revise": {**_REQUESTERS, **_DESK},
    "case.terms.accept": {**_PATIENT_SIDE},
    "case.authorization.sign": {**_PATIENT_SIDE},
    "case.authorization.revoke": {**_PATIENT_SIDE, Role.PRIVACY_OFFICER: Reach.ANY},
    "case.withdraw": {**_PATIENT_SIDE, Role.LOCAL_PROVIDER: Reach.PARTY, Role.PARTNER: Reach.ORGANISATION, **_DESK},
    "case.owner.assign": {**_DESK, **_OPERATIONS},
    "case.priority.change": {**_DESK, **_DIRECTOR},
    "case.condition.code": {**_CLINICIANS},
    "case.jurisdiction.decide": {**_DIRECTOR},
    "case.hold": {**_DESK, **_OPERATIONS, **_SERVICE},
    "case.decline": {**_CLINICIANS},
    "case.close": {**_DESK, **_DIRECTOR},
    "case.coordinate": {**_SERVICE},
    "person.erase": {**_PRIVACY},
    "person.erasure.read": {**_PRIVACY},
    "person.hold": {**_PRIVACY},
    "program.read": dict.fromkeys(Role, Reach.ANY),
    "program.publish": {**_ADMIN},
    "jurisdictions.publish": {**_OPERATORS_ADMIN},
    "organisation.read": dict.fromkeys(Role, Reach.ANY),
    "organisation.list": {role: Reach.ANY for role in Role if role not in _IN_PERSON},
    "organisation.register": {**_ADMIN},
    "organisation.covered_lives": {**_OPERATORS_ADMIN},
    # records
    "record_request.read": {**_REQUESTERS, **_STAFF},
    "record_request.work": {**_RECORDS, **_DESK},
    "document.upload": {**_REQUESTERS, **_RECORDS, **_DESK},
    "document.list": {**_REQUESTERS, **_STAFF, **_SPECIALIST},
    "document.open": {
        **_PATIENT_SIDE,
        Role.LOCAL_PROVIDER: Reach.PARTY,
        **_DESK,
        **_DIRECTOR,
        **_RECORDS,
        **_SPECIALIST,
        Role.QUALITY_REVIEWER: Reach.ANY,
    },
    "document.judge": {**_RECORDS, **_CLINICIANS},
    "checklist.read": {**_REQUESTERS, **_STAFF, **_SPECIALIST},
    "checklist.waive": {**_CLINICIANS},
    "record_set.accept": {**_RECORDS, **_CLINICIANS},
    "summary.read": {**_DESK, **_DIRECTOR, **_SPECIALIST, Role.QUALITY_REVIEWER: Reach.ANY, **_SERVICE},
    "summary.write": {**_CLINICIANS},
    "records.coordinate": {**_SERVICE},
    # matching
    "specialist.register": {**_OPERATORS_ADMIN, **_DIRECTOR},
    "specialist.read": {**_DESK, **_DIRECTOR, **_OPERATORS_ADMIN, **_SERVICE},
    "offer.read": {**_SPECIALIST, **_DESK, **_OPERATIONS},
    "offer.answer": {**_SPECIALIST},
    "assignment.read": {**_REQUESTERS, **_STAFF, **_SPECIALIST, **_SERVICE},
    "assignment.release": {**_DESK, **_DIRECTOR},
    "match_decision.read": {**_DESK, **_DIRECTOR, **_OPERATIONS},
    "matching.coordinate": {**_SERVICE},
    # opinions
    "opinion.read": {**_SPECIALIST, **_QUALITY},
    "opinion.write": {**_SPECIALIST},
    "opinion.review": {**_QUALITY},
    "opinion.sign": {**_SPECIALIST},
    "report.read": {
        **_PATIENT_SIDE,
        Role.LOCAL_PROVIDER: Reach.PARTY,
        Role.PARTNER: Reach.ORGANISATION,
        **_SPECIALIST,
        **_QUALITY,
        **_DESK,
    },
    "opinions.coordinate": {**_SERVICE},
    # billing
    "charge.read": {
        **_PATIENT_SIDE,
        Role.PARTNER: Reach.ORGANISATION,
        Role.SPONSOR: Reach.ORGANISATION,
        **_FINANCE,
        **_DESK,
        **_OPERATIONS,
    },
    "payment.record": {**_FINANCE},
    "invoice.read": {**_PATIENT_SIDE, Role.PARTNER: Reach.ORGANISATION, Role.SPONSOR: Reach.ORGANISATION, **_FINANCE},
    "honorarium.read": {**_FINANCE, **_SPECIALIST},
    "specialist_pay.read": {**_FINANCE, **_OPERATORS_ADMIN},
    "honorarium.approve": {**_FINANCE},
    "ledger.read": {**_FINANCE, **_OPERATIONS},
    "billing.coordinate": {**_SERVICE},
    # subscriptions
    "endpoint.read": {**_SUBSCRIBERS, **_OPERATIONS},
    "endpoint.manage": {**_SUBSCRIBERS, **_OPERATIONS},
    "endpoint.secret": {**_SUBSCRIBERS},
    "event.read": {**_SUBSCRIBERS, **_OPERATIONS},
    "case.events.read": {**_OPERATIONS, **_DESK},
    "grant.read": {**_GRANTING, Role.PLATFORM: Reach.ORGANISATION},
    "grant.manage": {**_GRANTING},
    # operations and coordinator
    "money_report.read": {**_FINANCE, **_OPERATIONS, **_DIRECTOR},
    "timeline.read": {**_STAFF, **_FINANCE, Role.PARTNER: Reach.ORGANISATION, **_PATIENT_SIDE},
    "workflow.read": {**_OPERATIONS, **_DESK},
    "clock.read": dict.fromkeys(Role, Reach.ANY),
    "clock.advance": {**_OPERATIONS, Role.PARTNER: Reach.ANY},
    "parked.work": {**_OPERATIONS},
}
