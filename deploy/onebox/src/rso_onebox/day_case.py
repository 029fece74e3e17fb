"""One case of a busy day: in each stage, what its people do so that it goes on, by the public API and in as few calls as it takes.

Whatever is done twice is done once: the Idempotency-Key follows from day, case, path and body, so a day that was interrupted goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rso_onebox import demo_texts
from rso_onebox.bundle import BundleCase
from rso_onebox.client import Api, ApiError
from rso_onebox.day_plan import ENDED, Plan
from rso_onebox.demo_people import EMPLOYER, NURSE, SPECIALIST, Cast, payment_body, provider_body, submission
from rso_onebox.demo_story import FHIR_JSON
from rso_shared.contracts.vocabulary import HoldReason, OfferDeclineReason, Role, Stage
from rso_shared.kit.events import canonical
from rso_shared.kit.ids import derived_id

BUSY, GONE_ON = "specialist_not_eligible", tuple(Stage)


class NotYetError(Exception):
    """What the next act needs has not come: an offer, a charge, an authorization to sign."""


@dataclass(slots=True)
class Known:
    """What is the same for every case, asked for once. `kinds`: condition group -> the kinds of record that it needs."""

    programs: dict[str, Any] = field(default_factory=dict)
    kinds: dict[str, list[str]] = field(default_factory=dict)
    statement: str = ""


@dataclass(slots=True)
class DayCase:
    """`day` names the day it is part of. `stage` is the last one that was seen; None before the case is opened."""

    day: str
    plan: Plan
    case: BundleCase
    cast: Cast
    known: Known
    case_id: str = ""
    reference: str = ""
    stage: Stage | None = None
    specialist_id: str = ""
    document_id: str = ""
    exhausted: bool = False
    """Every specialist was asked in vain: from here on a medical director decides, and the case rests."""

    @property
    def client_reference(self) -> str:
        return f"{self.day}-{self.plan.number:05}"

    def path(self, rest: str = "") -> str:
        return f"/v1/cases/{self.case_id}{rest}"

    def reached(self, goal: Stage) -> bool:
        """It stands there, or has gone further, by its own timers or by somebody's hand."""
        if self.stage is None:
            return False
        return (
            self.exhausted
            or self.stage in ENDED
            or (goal not in ENDED and GONE_ON.index(self.stage) >= GONE_ON.index(goal))
        )

    def act(self, goal: Stage) -> None:
        """What leads out of the stage that it is in. Raises NotYetError, or the ApiError of a service that is not so far yet."""
        if self.stage is None:
            self.open()
        elif goal is Stage.WITHDRAWN:
            self._post(self.cast.partner, self.path("/withdrawal"), {"reason": "Treatment has begun elsewhere."})
        elif goal is Stage.DECLINED:
            self._declined()
        elif self.stage in ACTS:
            ACTS[self.stage](self)

    def open(self) -> None:
        opened = self._post(self.cast.partner, "/v1/cases", self._submission())
        self.case_id, self.reference = opened["case_id"], opened["reference_number"]

    def _submission(self) -> dict[str, Any]:
        program = self.known.programs[self.plan.program]
        body = submission(self.case, self.cast, program)
        body |= {"client_reference": self.client_reference, "priority": self.plan.priority.value}
        if self.plan.way.red_flag:
            body["red_flag_answers"] |= {program["screening"]["red_flags"][0]["question_id"]: True}
        return body | {"sponsor_id": EMPLOYER if program["program_id"].startswith("employer") else None}

    def dress(self) -> None:
        """What else belongs to a case that rests here: an owner, requests that wait for an answer, a hold, a look at the opinion."""
        if self.plan.owner and self.stage not in ENDED:
            self._post(self.cast.desk, self.path("/owner"), {"owner": self.plan.owner})
        if self.stage is Stage.COMPILING_RECORDS:
            self._ask_for_records()
        if self.plan.way.hold and self.stage not in ENDED:
            self._post(self.cast.desk, self.path("/holds"), {"reason": self.plan.way.hold.value})
        if self.stage is Stage.DELIVERED and self.plan.read:
            reader = self.cast.provider if self.plan.program.startswith("partner") else self.cast.patient
            reader.get(self.path("/report"))

    def _authorize(self) -> None:
        if not self.reference:  # opened by a run that was interrupted: the same command has the same answer
            self.open()
        patient, name = self.cast.patient, {"typed_name": self.case.patient.name.shown}
        self._post(patient, "/v1/case-joins", {"reference_number": self.reference, "role": "patient"})
        terms = self.known.programs[self.plan.program]["terms"]["version"]
        self._post(patient, self.path("/terms-acceptances"), {**name, "terms_version": terms})
        asked = patient.get(self.path("/authorizations"))
        if not asked["authorizations"]:
            raise NotYetError
        signing = self.path(f"/authorizations/{asked['authorizations'][-1]['authorization_id']}/signature")
        self._post(patient, signing, {**name, "statement_version": asked["statement_version"]})
        if self.known.programs[self.plan.program]["screening"]["local_provider_required"]:
            provider = {"role": "local_provider", "local_provider": provider_body(self.case)}
            self._post(self.cast.provider, "/v1/case-joins", {"reference_number": self.reference, **provider})

    def _pay(self) -> None:
        charges = self.cast.finance.get(self.path("/charges"))["charges"]
        if not charges:
            raise NotYetError
        self._post(self.cast.finance, self.path("/payments"), payment_body(charges[0]))

    def _ask_for_records(self) -> None:
        facility = self.cast.facility_id(self.case.facilities[0].key)
        body = {"facility_id": facility, "kind": "clinical_note"}
        at = f"/record-requests/{self._post(self.cast.records, self.path('/record-requests'), body)['request_id']}"
        self._post(self.cast.records, self.path(f"{at}/verification"))
        self._post(self.cast.records, self.path(f"{at}/dispatch"), {"channel": "fax"})

    def _collect(self) -> None:
        """The chart answers the request, if one was sent; a person accepts it for every kind that the checklist wants."""
        records, asked = self.cast.records, {}
        if len(self.plan.way.goals) > 1:
            asked = {each["request_id"]: each for each in records.get(self.path("/record-requests"))["requests"]}
        facility = self.case.facilities[0]
        labels: dict[str, Any] = {"facility_id": self.cast.facility_id(facility.key), "title": "Chart"}
        if asked:
            labels["request_id"] = next(iter(asked))
        content, at = canonical(facility.collection).encode(), self.path("/documents")
        received = records.upload(at, content, FHIR_JSON, key=self._key(at, labels), **labels)
        self.document_id = received["document_id"]
        self._post(records, f"{at}/{self.document_id}/acceptance", {"kinds": self._kinds()})
        for request in asked:
            self._post(records, self.path(f"/record-requests/{request}/verdict"), {"verdict": "accepted"})
        self._post(records, self.path("/record-set"))

    def _kinds(self) -> list[str]:
        group = self.case.condition.group.value
        if group not in self.known.kinds:
            lines = self.cast.records.get(self.path("/checklist"))["lines"]
            if not lines:
                raise NotYetError
            self.known.kinds[group] = sorted(line["kind"] for line in lines if line["required"])
        return self.known.kinds[group]

    def _summarize(self) -> None:
        nurse = self.cast.nurse
        statements = demo_texts.summary_statements(self.case, self._documents())
        drafted = self._post(nurse, self.path("/summary"), {"statements": statements})
        body = {
            "summary_version": drafted["summary_version"],
            "questions_version": nurse.get(self.path("/questions"))["questions_version"],
            "typed_name": NURSE,
        }
        self._post(nurse, self.path("/summary/signature"), body)

    def _documents(self) -> dict[str, str]:
        if not self.document_id:
            self.document_id = self.cast.records.get(self.path("/documents"))["documents"][0]["document_id"]
        return {self.case.facilities[0].key: self.document_id}

    def _take(self) -> None:
        """Some say no before one says yes; so does who has become busy since the offer."""
        offers = self.cast.desk.get("/v1/offers", case_id=self.case_id)["offers"]
        offer = next((each for each in offers if each["answerable"]), None)
        if offer is None:
            waiting = self.cast.desk.get(self.path())["waiting_on"]
            self.exhausted = any(each["what"] == HoldReason.NO_SPECIALIST for each in waiting)
            raise NotYetError
        specialist, at = self.cast.specialist(offer["specialist_id"]), f"/v1/offers/{offer['offer_id']}"
        if sum(each["status"] == "declined" for each in offers) < self.plan.declines:
            self._post(specialist, f"{at}/decline", {"reason": OfferDeclineReason.NO_CAPACITY.value})
            raise NotYetError
        attested = {"conflict": False, "statement_version": offer["attestation"]["version"]}
        self._post(specialist, f"{at}/attestation", attested)
        try:
            self._post(specialist, f"{at}/acceptance")
        except ApiError as refusal:
            if refusal.code != BUSY:
                raise
            self._post(specialist, f"{at}/decline", {"reason": OfferDeclineReason.NO_CAPACITY.value})
            raise NotYetError from refusal
        self.specialist_id = offer["specialist_id"]

    def _specialist(self) -> Api:
        if not self.specialist_id:
            standing = self.cast.desk.get(self.path("/assignment"))["assignment"]
            self.specialist_id = standing["specialist_id"]
        return self.cast.specialist(self.specialist_id)

    def _write(self) -> None:
        specialist = self._specialist()
        asked = demo_texts.asked(specialist.get(self.path("/questions")))
        report = demo_texts.report(self.case, asked, self._documents())
        self._post(specialist, self.path("/opinion/drafts"), report)
        self._post(specialist, self.path("/opinion/submission"))

    def _sign(self) -> None:
        self._post(self.cast.reviewer, self.path("/opinion/quality-review"), {"verdict": "approved"})
        specialist = self._specialist()
        if not self.known.statement:
            self.known.statement = specialist.get(self.path("/opinion"))["statement"]["version"]
        body = {"typed_name": SPECIALIST, "statement_version": self.known.statement}
        self._post(specialist, self.path("/opinion/signature"), body)

    def _close(self) -> None:
        self._post(self.cast.desk, self.path("/closing"), {"close_reason": "completed_no_followup"})

    def _declined(self) -> None:
        """For an answer it is declined by itself; else a clinician does, once screening is over."""
        if not self.plan.way.red_flag:
            body = {"reason": "insufficient_records"}
            self._post(self.cast.caller(Role.MEDICAL_DIRECTOR, "demo-director"), self.path("/decline"), body)

    def _post(self, api: Api, path: str, body: Any = None) -> Any:
        return api.post(path, body, key=self._key(path, body))

    def _key(self, path: str, body: Any) -> str:
        return derived_id(self.day, self.plan.number, path, canonical(body if body is not None else {}))


ACTS: dict[Stage, Callable[[DayCase], None]] = {
    Stage.AWAITING_AUTHORIZATION: DayCase._authorize,  # noqa: SLF001 - the table is part of the class
    Stage.AWAITING_PAYMENT: DayCase._pay,  # noqa: SLF001
    Stage.COMPILING_RECORDS: DayCase._collect,  # noqa: SLF001
    Stage.SUMMARIZING: DayCase._summarize,  # noqa: SLF001
    Stage.MATCHING: DayCase._take,  # noqa: SLF001
    Stage.IN_REVIEW: DayCase._write,  # noqa: SLF001
    Stage.QUALITY_REVIEW: DayCase._sign,  # noqa: SLF001
    Stage.DELIVERED: DayCase._close,  # noqa: SLF001
}
