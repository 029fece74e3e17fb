"""Who the people in a report are: asked of the services that hold them at the moment of rendering, and never kept."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator


def _full(value: Any) -> Any:
    """A name as one line: `given` may be one string or several."""
    if not isinstance(value, dict):
        return value
    given, family = value.get("given", ""), value.get("family", "")
    return " ".join(part for part in (*_parts(given), family) if part)


def _parts(value: Any) -> tuple[Any, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


FullName = Annotated[str, BeforeValidator(_full)]
Several = Annotated[tuple[str, ...], BeforeValidator(_parts)]


class _Answer(BaseModel):
    """Read as data of a neighbour: what we do not know is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Named(_Answer):
    """A person by name, whether the name stands in `name` or beside the rest."""

    name: FullName

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, data: Any) -> Any:
        return {**data, "name": data} if isinstance(data, dict) and "name" not in data else data


class Patient(Named):
    birth_date: date | None = None
    sex: str | None = None


class CasePerson(_Answer):
    """Intake's answer to who a case is about."""

    patient: Patient
    local_provider: Named | None = None


class QuestionText(_Answer):
    question_id: str
    text: str


class CaseQuestions(_Answer):
    """Intake's answer to what is asked: the frozen version once there is one."""

    questions: tuple[QuestionText, ...]


class SpecialistPerson(Named):
    """Matching's answer to who a specialist is. `credentials` are the letters behind the name."""

    specialist_id: str
    credentials: Several = ()
    taxonomy: Several = ()
    npi: str = ""

    def title(self) -> str:
        return ", ".join((self.name, *self.credentials))
