"""One case, played through the public API alone: partner, patient, provider, records, specialist, review, finance."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rso_onebox import demo_texts
from rso_onebox.bundle import BundleCase
from rso_onebox.client import Api, until
from rso_onebox.demo_people import NURSE, SPECIALIST, Cast, facility_body, payment_body, provider_body, submission
from rso_operations import words
from rso_shared.kit.events import canonical

PROGRAM = "direct-cancer"
FHIR_JSON = "application/fhir+json"
MEDIA_TYPES = {
    ".json": FHIR_JSON,
    ".pdf": "application/pdf",
    ".xml": "application/xml",
    ".dcm": "application/dicom",
    ".hl7": "x-application/hl7-v2+er7",
}
Step = Callable[[str, str], None]


@dataclass(slots=True)
class Story:
    """`step(who, what)` shows what just happened; nothing identifying is shown."""

    cast: Cast
    case: BundleCase
    documents: Mapping[Path, bytes]
    step: Step
    case_id: str = ""
    reference: str = ""
    uploaded: dict[str, str] = field(default_factory=dict)
    waived: list[str] = field(default_factory=list)
    specialist_id: str = ""

    def play(self) -> None:
        for note in self.case.notes:
            self.step("note", note)
        self.open()
        self.join()
        self.authorize()
        self.pay()
        self.collect()
        self.summarize()
        self.accept_offer()
        self.review()
        self.receive()

    def path(self, rest: str = "") -> str:
        return f"/v1/cases/{self.case_id}{rest}"

    def stage(self, *wanted: str) -> Any:
        return until(
            lambda: self.cast.desk.get(self.path()),
            lambda case: case["stage"] in wanted,
            what=f"stage {' or '.join(wanted)}",
        )

    def waits_for(self, what: str) -> Any:
        """The case as soon as it says that it waits for this."""
        return until(
            lambda: self.cast.desk.get(self.path()),
            lambda case: any(item["what"] == what for item in case["waiting_on"]),
            what=f"waiting for {what}",
        )

    def open(self) -> None:
        program = self.cast.partner.get(f"/v1/programs/{PROGRAM}")
        for facility in self.case.facilities:
            body = facility_body(facility)
            self.cast.admin.post("/v1/organisations", body, key=f"facility-{canonical(body)}"[:250])
        opened = self.cast.partner.post("/v1/cases", submission(self.case, self.cast, program))
        self.case_id, self.reference = opened["case_id"], opened["reference_number"]
        self.step(
            "partner",
            f"opened the case ({words.words(self.case.condition.group)}), two questions; the other parties join by number",
        )

    def join(self) -> None:
        self.cast.patient.post("/v1/case-joins", {"reference_number": self.reference, "role": "patient"})
        self.step("patient", "joined by the reference number")
        provider = provider_body(self.case)
        self.cast.provider.post(
            "/v1/case-joins", {"reference_number": self.reference, "role": "local_provider", "local_provider": provider}
        )
        self.step("provider", "joined by the reference number")

    def authorize(self) -> None:
        program = self.cast.patient.get(f"/v1/programs/{PROGRAM}")
        name = {"typed_name": self.cast.patient_name(self.case)}
        self.cast.patient.post(self.path("/terms-acceptances"), {**name, "terms_version": program["terms"]["version"]})
        self.waits_for("authorization")
        asked = self.cast.patient.get(self.path("/authorizations"))
        authorization = asked["authorizations"][-1]["authorization_id"]
        body = {**name, "statement_version": asked["statement_version"]}
        self.cast.patient.post(self.path(f"/authorizations/{authorization}/signature"), body)
        self.step("patient", "accepted the terms and signed the authorization to disclose")

    def pay(self) -> None:
        self.waits_for("payment")
        charge = self.cast.finance.get(self.path("/charges"))["charges"][0]
        self.cast.finance.post(self.path("/payments"), payment_body(charge))
        self.step("finance", f"recorded the payment of {words.money(charge['open_minor'], charge['currency'])}")

    def collect(self) -> None:
        self.waits_for("records")
        for facility in self.case.facilities:
            self._request(facility.key, canonical(facility.collection).encode())
        for file, content in self.documents.items():
            received = self.cast.patient.upload(
                self.path("/documents"), content, MEDIA_TYPES[file.suffix], title=file.stem
            )
            self._accept(received)
            self.step("patient", f"uploaded a further document ({received['media_type']}, {received['size']:,} bytes)")
        self._complete()

    def _request(self, facility: str, collection: bytes) -> None:
        """Named, verified, sent, acknowledged; then the collection arrives, is accepted, and the request is complete."""
        records = self.cast.records
        body = {"facility_id": self.cast.facility_id(facility), "kind": "clinical_note"}
        request = records.post(self.path("/record-requests"), body)["request_id"]
        at = self.path(f"/record-requests/{request}")
        records.post(f"{at}/verification")
        records.post(f"{at}/dispatch", {"channel": "fhir"})
        records.post(f"{at}/acknowledgement")
        received = records.upload(
            self.path("/documents"),
            collection,
            FHIR_JSON,
            facility_id=body["facility_id"],
            request_id=request,
            title="Chart",
        )
        self._accept(received)
        records.post(f"{at}/verdict", {"verdict": "accepted"})
        self.uploaded[facility] = received["document_id"]
        resources = sum(received["resources"].values())
        self.step(
            "records",
            f"requested and received one chart: {words.counted(resources, 'resource')}, {received['size']:,} bytes",
        )

    def _accept(self, received: Any) -> None:
        kinds = sorted(received["satisfies"]) or [received["kind"]]
        self.cast.records.post(self.path(f"/documents/{received['document_id']}/acceptance"), {"kinds": kinds})

    def _complete(self) -> None:
        """What the checklist wants and the bundle lacks is waived in a clinician's name."""
        for line in self.cast.nurse.get(self.path("/checklist"))["lines"]:
            if line["required"] and not line["satisfied"]:
                body = {
                    "kind": line["kind"],
                    "reason": "Not in the synthetic record; the specialist is told that it is missing.",
                }
                self.cast.nurse.post(self.path("/checklist/waivers"), body)
                self.waived.append(line["kind"])
        done = self.cast.records.post(self.path("/record-set"))
        self.step(
            "records",
            f"accepted the record set: {words.counted(done['documents'], 'document')}, "
            f"{words.counted(done['waived'], 'kind')} waived by the nurse",
        )

    def summarize(self) -> None:
        self.waits_for("summary")
        statements = demo_texts.summary_statements(self.case, self.uploaded)
        drafted = self.cast.nurse.post(self.path("/summary"), {"statements": statements})
        questions = self.cast.nurse.get(self.path("/questions"))
        body = {
            "summary_version": drafted["summary_version"],
            "questions_version": questions["questions_version"],
            "typed_name": NURSE,
        }
        self.cast.nurse.post(self.path("/summary/signature"), body)
        self.step(
            "nurse",
            f"signed the summary: {words.counted(len(statements), 'statement')}, each citing its document; questions frozen",
        )

    def accept_offer(self) -> None:
        self.waits_for("offer")
        offer = self.cast.desk.get("/v1/offers", case_id=self.case_id, status="offered")["offers"][0]
        self.specialist_id = offer["specialist_id"]
        specialist = self.cast.specialist(self.specialist_id)
        at = f"/v1/offers/{offer['offer_id']}"
        shown = specialist.get(at)
        specialist.post(f"{at}/attestation", {"conflict": False, "statement_version": shown["attestation"]["version"]})
        specialist.post(f"{at}/acceptance")
        decision = self.cast.desk.get(self.path("/match-decision"), recompute="true")
        self.step(
            "specialist",
            f"attested no conflict and accepted; match decision recomputed bit for bit: {words.words(decision['identical'])}",
        )

    def review(self) -> None:
        self.waits_for("opinion")
        specialist = self.cast.specialist(self.specialist_id)
        asked = demo_texts.asked(specialist.get(self.path("/questions")))
        report = demo_texts.report(self.case, asked, self.uploaded, [kind.replace("_", " ") for kind in self.waived])
        specialist.post(self.path("/opinion/drafts"), report)
        specialist.post(self.path("/opinion/submission"))
        self.step(
            "specialist",
            f"submitted the opinion: diagnosis {report['diagnosis_effect']}, treatment {report['treatment_effect']}",
        )
        self.waits_for("quality_review")
        self.cast.reviewer.post(self.path("/opinion/quality-review"), {"verdict": "approved"})
        self.step("reviewer", "approved the version")
        self.waits_for("signature")
        statement = specialist.get(self.path("/opinion"))["statement"]["version"]
        body = {"typed_name": SPECIALIST, "statement_version": statement}
        signed = specialist.post(self.path("/opinion/signature"), body)
        self.step("specialist", f"signed; content hash {signed['content_sha256'][:16]}…")

    def receive(self) -> None:
        self.stage("delivered")
        self.step("program", "released the opinion to patient and local provider")
        honorarium = until(
            lambda: self.cast.finance.get("/v1/honoraria", case_id=self.case_id)["honoraria"],
            bool,
            what="the honorarium",
        )[0]
        self.cast.finance.post(f"/v1/honoraria/{honorarium['honorarium_id']}/approval")
        balance = until(
            lambda: self.cast.finance.get(self.path("/invoices"))["invoices"], bool, what="the invoice"
        ) and self.cast.finance.get("/v1/ledger/trial-balance")
        self.step("finance", f"approved the honorarium; trial balance {differences(balance['difference_minor'])}")


def differences(by_currency: Mapping[str, int]) -> str:
    """Of the ledger's two sides; none at all where nothing was ever posted."""
    return ", ".join(words.money(amount, currency) for currency, amount in by_currency.items()) or "empty"


def reports(story: Story, folder: Path) -> dict[str, str]:
    """What patient and provider download: the report as JSON and PDF, into a folder only its owner may read."""
    folder = folder / story.case_id
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    paths: dict[str, str] = {}
    readers: tuple[tuple[str, Api], ...] = (("patient", story.cast.patient), ("physician", story.cast.provider))
    for rendering, reader in readers:
        file = folder / f"{rendering}.pdf"
        file.write_bytes(reader.download(story.path("/report.pdf"), rendering=rendering))
        paths[f"{rendering}_pdf"] = str(file)
    file = folder / "report.json"
    file.write_bytes(story.cast.patient.download(story.path("/report")))
    return {**paths, "json": str(file)}
