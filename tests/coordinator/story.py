"""One case, brought to a given stage through the public API alone. Each case has its own corner of the world: a state and a
condition group in which nobody but its own specialists is licensed."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from coordinator.looking import Looking
from rso_onebox import seeding
from rso_onebox.client import Api, ApiError, until
from rso_shared.contracts.vocabulary import Role

CONDITIONS = (
    ("C50", "breast_cancer"),
    ("C61", "prostate_cancer"),
    ("C18", "colorectal_cancer"),
    ("C34", "lung_cancer"),
)
STATES = ("AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY", "LA", "ME", "MD",
          "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR", "PA")  # fmt: skip
PDF = (
    b"%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj\n"
    b"3 0 obj << /Type /Page /Parent 2 0 R >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
)
NAME = {"typed_name": "Sample Person"}


@dataclass(slots=True)
class Story(Looking):
    program: str = "direct-cancer"
    specialists: int = 2
    number: int = 0
    case_id: str = ""
    reference: str = ""
    document: str = ""
    submitted_at: datetime = datetime(1, 1, 1, tzinfo=UTC)
    ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.number = self.world.cases
        self.world.cases += 1

    # who

    @property
    def patient(self) -> Api:
        return self.world.cast.caller(Role.PATIENT, "sample-patient", "public")

    @property
    def provider(self) -> Api:
        return self.world.cast.caller(Role.LOCAL_PROVIDER, "sample-provider", "public")

    @property
    def director(self) -> Api:
        return self.world.cast.caller(Role.MEDICAL_DIRECTOR, "sample-director")

    @property
    def state(self) -> str:
        return STATES[self.number % len(STATES)]

    @property
    def condition(self) -> tuple[str, str]:
        return CONDITIONS[self.number // len(STATES) % len(CONDITIONS)]

    # steps

    def enrol(self, first: int = 0) -> None:
        """The specialists of this corner: licensed, verified and free at the services' own date."""
        today = self.world.now.date()
        licence = {
            "country": "US", "state": self.state, "number": "1",
            "valid_from": today.replace(year=today.year - 1, day=1).isoformat(),
            "valid_to": today.replace(year=today.year + 2, day=1).isoformat(),
        }  # fmt: skip
        rows = [
            {
                "given": "Sample", "family": f"Specialist {self.number}-{each}",
                "email": f"specialist-{self.number}-{each}@example.org", "npi": seeding.npi(self.number * 10 + each),
                "taxonomy": ["207RX0202X"], "focus": [self.condition[1]], "languages": ["en"], "licences": [licence],
                "credentials_verified_on": today.isoformat(), "evidence": ["board_certification"],
            }
            for each in range(first, first + self.specialists)
        ]  # fmt: skip
        if rows:
            made = self.world.cast.admin.post("/v1/specialist-batches", {"specialists": rows})["specialists"]
            self.ids = [one["specialist_id"] for one in made]

    def open(self, *, claimed: bool = True, **more: Any) -> "Story":
        """The case, taken by somebody of the desk unless it is to stay in its program's queue."""
        self.enrol()
        program = self.patient.get(f"/v1/programs/{self.program}")
        flags = {flag["question_id"]: False for flag in program["screening"]["red_flags"]}
        body: dict[str, Any] = {
            "program_id": self.program,
            "client_reference": f"case-{self.number}",
            "patient": {
                "name": {"given": ["Sample"], "family": f"Patient {self.number}"},
                "birth_date": "1970-06-01",
                "email": f"patient-{self.number}@example.org",
                "address": {"state": self.state, "country": "US"},
            },
            "condition": {"codings": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": self.condition[0]}]},
            "questions": [{"text": "Is the present plan the right one?"}],
            "red_flag_answers": flags | more.pop("flags", {}),
            "requester_relation": "self",
            "terms": {**NAME, "terms_version": program["terms"]["version"]},
            **more,
        }
        opened = self.patient.post("/v1/cases", body)
        self.case_id, self.reference = opened["case_id"], opened["reference_number"]
        self.submitted_at = datetime.fromisoformat(opened["submitted_at"])
        self.world.running.watched.add(self.case_id)
        if claimed:
            self.claim("sample-nurse")
        return self

    def claim(self, owner: str) -> None:
        self.world.cast.desk.post(self.path("/owner"), {"owner": owner})

    def prioritise(self, priority: str) -> None:
        self.world.cast.desk.post(self.path("/priority"), {"priority": priority})

    def join_provider(self) -> "Story":
        person = {"name": {"given": ["Sample"], "family": "Doctor"}, "email": f"doctor-{self.number}@example.org"}
        body = {"reference_number": self.reference, "role": "local_provider", "local_provider": person}
        self.provider.post("/v1/case-joins", body)
        return self

    def sign(self) -> None:
        asked = until(
            lambda: self.patient.get(self.path("/authorizations")), lambda a: a["authorizations"], what="request"
        )
        at = self.path(f"/authorizations/{asked['authorizations'][-1]['authorization_id']}/signature")
        self.patient.post(at, {**NAME, "statement_version": asked["statement_version"]})

    def pay(self) -> None:
        finance = self.world.cast.finance
        charge = until(lambda: finance.get(self.path("/charges"))["charges"], bool, what="the quote")[0]
        body = {
            "method": "card",
            "amount_minor": charge["open_minor"],
            "currency": charge["currency"],
            "outside_reference": "x",
        }
        finance.post(self.path("/payments"), body)

    def request_records(self, facility: str = "sample-facility") -> str:
        """One request, named, verified and sent; it is open until its verdict."""
        records, body = (
            self.world.cast.records,
            {"organisation_id": facility, "kind": "facility", "name": "F", "state": None},
        )
        self.world.cast.admin.post("/v1/organisations", body, key=f"organisation-{facility}")
        self.world.settle()
        asked = {"facility_id": facility, "kind": "clinical_note"}
        request = str(records.post(self.path("/record-requests"), asked)["request_id"])
        records.post(self.path(f"/record-requests/{request}/verification"))
        records.post(self.path(f"/record-requests/{request}/dispatch"), {"channel": "fax"})
        return request

    def send_again(self, request: str) -> datetime:
        """The facility answered in part; the verdict is `incomplete`, and the request goes out a second time."""
        records = self.world.cast.records
        records.upload(self.path("/documents"), PDF, "application/pdf", title="Page", request_id=request)
        records.post(self.path(f"/record-requests/{request}/verdict"), {"verdict": "incomplete"})
        sent = records.post(self.path(f"/record-requests/{request}/dispatch"), {"channel": "fax"})
        return datetime.fromisoformat(sent["sent_at"])

    def answer(self, request: str) -> None:
        """The facility sent what was asked for, and it is enough."""
        records = self.world.cast.records
        records.upload(self.path("/documents"), PDF, "application/pdf", title="Page", request_id=request)
        records.post(self.path(f"/record-requests/{request}/verdict"), {"verdict": "accepted"})

    def collect(self) -> None:
        """One document that satisfies everything required."""
        records = self.world.cast.records
        self.document = self.patient.upload(self.path("/documents"), PDF, "application/pdf", title="Chart")[
            "document_id"
        ]
        lines = records.get(self.path("/checklist"))["lines"]
        kinds = [line["kind"] for line in lines if line["required"]]
        records.post(self.path(f"/documents/{self.document}/acceptance"), {"kinds": kinds})
        records.post(self.path("/record-set"))

    def summarize(self) -> None:
        nurse = self.world.cast.nurse
        statements = [
            {"text": "The record holds one chart.", "cites": [{"document_id": self.document, "locator": "p. 1"}]}
        ]
        drafted = nurse.post(self.path("/summary"), {"statements": statements})
        questions = nurse.get(self.path("/questions"))["questions_version"]
        body = {"summary_version": drafted["summary_version"], "questions_version": questions, **NAME}
        nurse.post(self.path("/summary/signature"), body)

    def offers(self, status: str = "offered") -> list[Any]:
        return list(self.world.cast.desk.get("/v1/offers", case_id=self.case_id, status=status)["offers"])

    def offer(self) -> Any:
        return until(self.offers, bool, what="an offer", seconds=10)[0]

    def attest(self, offer: Any) -> Api:
        specialist = self.world.cast.specialist(offer["specialist_id"])
        version = specialist.get(f"/v1/offers/{offer['offer_id']}")["attestation"]["version"]
        specialist.post(
            f"/v1/offers/{offer['offer_id']}/attestation", {"conflict": False, "statement_version": version}
        )
        return specialist

    def accept(self, offer: Any) -> None:
        self.attest(offer).post(f"/v1/offers/{offer['offer_id']}/acceptance")

    @property
    def specialist(self) -> Api:
        assigned = self.world.cast.desk.get(self.path("/assignment"))
        return self.world.cast.specialist(assigned["assignment"]["specialist_id"])

    def write(self) -> None:
        specialist = self.specialist
        asked = specialist.get(self.path("/questions"))["questions"]
        evidence = [{"document_id": self.document, "locator": "p. 1", "finding": "One chart."}]
        body = {
            "diagnosis_effect": "confirmed", "diagnosis_assessment": "As recorded.",
            "treatment_effect": "clarified", "treatment_assessment": "As planned.",
            "answers": [
                {"question_id": one["question_id"], "answer": "Yes.", "plain_answer": "Yes.", "evidence": evidence}
                for one in asked
            ],
            "treatment_options": [{"name": "Go on", "pros": ["Known"], "cons": ["Slow"], "favoured": True}],
            "plain_language_summary": "The plan is right.", "limitations": "Records only.",
        }  # fmt: skip
        specialist.post(self.path("/opinion/drafts"), body)
        specialist.post(self.path("/opinion/submission"))

    def verdict(self, verdict: str, **more: Any) -> None:
        self.world.cast.reviewer.post(self.path("/opinion/quality-review"), {"verdict": verdict, **more})

    def sign_opinion(self) -> None:
        specialist = self.specialist
        version = specialist.get(self.path("/opinion"))["statement"]["version"]
        specialist.post(self.path("/opinion/signature"), {**NAME, "statement_version": version})

    # stages

    def to(self, what: str, **more: Any) -> "Story":
        """Plays until the case waits for this: authorization, records, summary, offer, opinion, quality_review, signature, delivered."""
        steps = {
            "authorization": lambda: None, "records": self._ready, "summary": self.collect, "offer": self.summarize,
            "opinion": lambda: self.accept(self.offer()), "quality_review": self.write,
            "signature": lambda: self.verdict("approved"), "delivered": self.sign_opinion,
        }  # fmt: skip
        self.open(**more)
        for name, step in steps.items():
            step()
            if name == "delivered":
                until(self.stage, lambda stage: stage == "delivered", what="delivery")
            else:
                self.waits_for(name)
            if name == what:
                break
        self.world.settle()
        return self

    def finish(self) -> None:
        """From an opinion that is waited for to the end of the follow-up window."""
        self.waits_for("opinion")
        for what, step in (("quality_review", self.write), ("signature", lambda: self.verdict("approved"))):
            step()
            self.waits_for(what)
        self.sign_opinion()
        until(self.stage, lambda stage: stage == "delivered", what="delivery")
        self.world.past(self.due("follow_up"))

    def _ready(self) -> None:
        if self.program == "partner-expert-review":
            self.join_provider()
        self.sign()
        if self.program == "direct-cancer":
            self.pay()

    def refused(self, step: Any) -> str:
        try:
            step()
        except ApiError as refusal:
            return refusal.code
        raise AssertionError("it was not refused")
