"""The structured report at the edge. Lengths are limited so that every report can be set on paper; unknown members are refused."""

from dataclasses import asdict
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from rso_opinions.domain.report import Report
from rso_shared.contracts.vocabulary import Effect

Words = Annotated[str, Field(max_length=20_000)]
Line = Annotated[str, Field(min_length=1, max_length=500)]
Id = Annotated[str, Field(min_length=1, max_length=64)]
MANY = 50

_DOMAIN = TypeAdapter(Report)


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EvidencePart(Part):
    """`document_id` is a document of this case; `locator` a page, section or resource in it; `finding` what stands there."""

    document_id: Id
    locator: Annotated[str, Field(max_length=500)] = ""
    finding: Annotated[str, Field(min_length=1, max_length=2_000)]


class AnswerPart(Part):
    """`plain_answer` is the answer in the patient's words; left out, `answer` serves both."""

    question_id: Id
    answer: Words
    plain_answer: Words = ""
    evidence: Annotated[tuple[EvidencePart, ...], Field(max_length=MANY)] = ()


class OptionPart(Part):
    name: Line
    summary: Annotated[str, Field(max_length=2_000)] = ""
    pros: Annotated[tuple[Line, ...], Field(max_length=MANY)] = ()
    cons: Annotated[tuple[Line, ...], Field(max_length=MANY)] = ()
    favoured: bool = False


class TrialPart(Part):
    identifier: Annotated[str, Field(min_length=1, max_length=64)]
    title: Line
    why: Annotated[str, Field(max_length=2_000)]


class TestPart(Part):
    name: Line
    why: Annotated[str, Field(max_length=2_000)]


class ReferencePart(Part):
    citation: Annotated[str, Field(min_length=1, max_length=1_000)]
    identifier: Annotated[str, Field(max_length=200)] = ""


class ReportContent(Part):
    """What a specialist writes. Advisory only: nothing here can carry an order or a prescription.

    A draft may have gaps; submission asks for both assessments, the plain-language summary, the limitations and an answer to
    every question.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"diagnosis_effect": "confirmed", "treatment_effect": "changed"}]}
    )

    diagnosis_effect: Effect
    diagnosis_assessment: Words = ""
    treatment_effect: Effect
    treatment_assessment: Words = ""
    answers: Annotated[tuple[AnswerPart, ...], Field(max_length=MANY)] = ()
    treatment_options: Annotated[tuple[OptionPart, ...], Field(max_length=MANY)] = ()
    clinical_trials: Annotated[tuple[TrialPart, ...], Field(max_length=MANY)] = ()
    further_testing: Annotated[tuple[TestPart, ...], Field(max_length=MANY)] = ()
    missing_material: Annotated[tuple[Line, ...], Field(max_length=MANY)] = ()
    plain_language_summary: Words = ""
    questions_for_your_doctor: Annotated[tuple[Line, ...], Field(max_length=MANY)] = ()
    references: Annotated[tuple[ReferencePart, ...], Field(max_length=200)] = ()
    limitations: Words = ""
    synthetic: bool = False

    def to_domain(self) -> Report:
        return _DOMAIN.validate_python(self.model_dump())

    @classmethod
    def of(cls, report: Report) -> "ReportContent":
        return cls.model_validate(asdict(report))
