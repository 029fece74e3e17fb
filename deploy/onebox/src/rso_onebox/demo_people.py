"""Who plays in the demo, with which token, and what the partner's system sends for the patient of a bundle."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from rso_onebox import demo_texts
from rso_onebox.bundle import BundleCase
from rso_onebox.bundle_facilities import Facility
from rso_onebox.client import OPERATOR, Api
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.auth import Issuer
from rso_shared.kit.ids import derived_id, random_id

PARTNER, EMPLOYER = "example-health", "example-employer"
MAX_IDENTIFIERS = 20
NURSE, SPECIALIST = "Nurse Demonstration", "Specialist Demonstration"
"""As they sign."""


@dataclass(slots=True)
class Cast:
    """One API caller per role, made when first needed. Patient and provider are users of this one case."""

    address: str
    issuer: Issuer
    run: str = field(default_factory=random_id)
    callers: dict[tuple[Role, str], Api] = field(default_factory=dict)
    http: httpx.Client | None = None
    """Connections that are shared with other casts."""

    def caller(self, role: Role, subject: str, organisation: str = OPERATOR) -> Api:
        key = (role, subject)
        if key not in self.callers:
            self.callers[key] = Api(self.address, self.issuer, role, subject, organisation, self.http)
        return self.callers[key]

    @property
    def partner(self) -> Api:
        return self.caller(Role.PARTNER, "example-health-ehr", PARTNER)

    @property
    def employer(self) -> Api:
        return self.caller(Role.SPONSOR, "example-employer-benefits", EMPLOYER)

    @property
    def patient(self) -> Api:
        return self.caller(Role.PATIENT, f"patient-{self.run}", "public")

    @property
    def provider(self) -> Api:
        return self.caller(Role.LOCAL_PROVIDER, f"provider-{self.run}", "public")

    @property
    def admin(self) -> Api:
        return self.caller(Role.ORGANISATION_ADMIN, "demo-admin")

    @property
    def desk(self) -> Api:
        return self.caller(Role.CARE_COORDINATOR, "demo-coordinator")

    @property
    def records(self) -> Api:
        return self.caller(Role.RECORDS_SPECIALIST, "demo-records")

    @property
    def nurse(self) -> Api:
        return self.caller(Role.NURSE_CARE_MANAGER, "demo-nurse")

    @property
    def reviewer(self) -> Api:
        return self.caller(Role.QUALITY_REVIEWER, "demo-reviewer")

    @property
    def finance(self) -> Api:
        return self.caller(Role.FINANCE, "demo-finance")

    def specialist(self, specialist_id: str) -> Api:
        return self.caller(Role.SPECIALIST, specialist_id)

    @staticmethod
    def facility_id(key: str) -> str:
        """The same facility of the same bundle is the same organisation in every run."""
        return derived_id("facility", key)

    def patient_name(self, case: BundleCase) -> str:
        return case.patient.name.shown

    def close(self) -> None:
        for caller in self.callers.values():
            caller.close()


def facility_body(facility: Facility) -> dict[str, Any]:
    """Of `POST /v1/organisations`."""
    return {
        "organisation_id": Cast.facility_id(facility.key),
        "kind": "facility",
        "name": facility.name,
        "state": facility.state,
    }


def payment_body(charge: Any) -> dict[str, Any]:
    """What is still open, by card."""
    return {
        "method": "card", "amount_minor": charge["open_minor"], "currency": charge["currency"],
        "outside_reference": "synthetic demonstration",
    }  # fmt: skip


def provider_body(case: BundleCase) -> dict[str, Any]:
    """The treating practitioner of the newest encounter; an e-mail so that the notice can be sent."""
    known = case.practitioners[0] if case.practitioners else None
    given, _, family = (known.name if known else "Local Provider").strip().rpartition(" ")
    return {
        "name": {"given": [given or "Dr."], "family": family or "Provider"},
        "email": (known.email if known and known.email else "local.provider@example.org"),
    }


def submission(case: BundleCase, cast: Cast, program: Any) -> dict[str, Any]:
    """The body of `POST /v1/cases`. The client reference names nobody; the red flags are all answered no."""
    return {
        "program_id": program["program_id"],
        "sponsor_id": EMPLOYER,
        "client_reference": f"demo-{cast.run[:8]}",
        "placer_order_number": f"PO-{cast.run[:8]}",
        "patient": _patient(case, cast),
        "condition": {
            "codings": [{"system": system, "code": code} for system, code in case.condition.codings],
            "text": case.condition.text,
        },
        "questions": [{"text": text} for text in demo_texts.questions_for(case)],
        "red_flag_answers": {flag["question_id"]: False for flag in program["screening"]["red_flags"]},
        "treating_facility_ids": [cast.facility_id(facility.key) for facility in case.facilities],
        "language": case.patient.language,
    }


def _patient(case: BundleCase, cast: Cast) -> dict[str, Any]:
    patient = case.patient
    address = patient.address
    return {
        "name": {"given": list(patient.name.given) or ["-"], "family": patient.name.family},
        "birth_date": patient.birth_date.isoformat(),
        "sex": patient.sex,
        "phones": list(patient.phones),
        "email": patient.emails[0] if patient.emails else f"patient-{cast.run[:8]}@example.org",
        "address": {
            "line": ", ".join(address.lines) or None,
            "city": address.city or None,
            "county": address.county or None,
            "postal_code": address.postal_code or None,
            "state": address.state,
            "country": address.country,
        },
        "identifiers": [
            {"kind": each.kind or "other", "assigning_authority": each.system or "unknown", "value": each.value}
            for each in patient.identifiers[:MAX_IDENTIFIERS]
        ],
    }
