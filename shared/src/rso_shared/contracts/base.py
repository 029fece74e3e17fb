"""What every published fact is. Data only; readers ignore what they do not know; additive within a version."""

from datetime import datetime
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict


class Contract(BaseModel):
    """A frozen piece of published language. Unknown members are ignored, so that producers may add."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class AccessChange(Contract):
    """Who may now see a case, or no longer. Exactly one of `subject` (a token's sub) and `organisation_id` is set."""

    role: str
    subject: str | None = None
    organisation_id: str | None = None
    granted: bool = True


class FactModel(Contract):
    """One fact. `TYPE` is the stored name `<short>.<snake_case>`; the CloudEvents type is `rso.<TYPE>.v<VERSION>`.

    `case_id` is the key on the log and the CloudEvents subject; facts about something else name it in `key()`.
    `access` tells every service whose sight of the case changes with this fact; only a type with `CHANGES_ACCESS` may carry any,
    so that a service knows from the type alone which facts it must not miss.
    """

    TYPE: ClassVar[str]
    VERSION: ClassVar[int] = 1
    CHANGES_ACCESS: ClassVar[bool] = False
    access: tuple[AccessChange, ...] = ()

    def key(self) -> str:
        return str(self.__dict__["case_id"])

    @classmethod
    def fact_type(cls) -> str:
        return f"rso.{cls.TYPE}.v{cls.VERSION}"

    @classmethod
    def producer(cls) -> str:
        """The short name of the service whose fact it is."""
        return cls.TYPE.partition(".")[0]

    @classmethod
    def __pydantic_init_subclass__(cls, **_kwargs: object) -> None:
        if "TYPE" in cls.__dict__:
            FACTS[cls.fact_type()] = cls

    @classmethod
    def parse(cls, value: bytes | str) -> Self:
        return cls.model_validate_json(value)


class CaseFact(FactModel):
    """A fact about one case."""

    case_id: str


class PersonFact(FactModel):
    """A fact about one person, who is an id and nothing else."""

    person_id: str

    def key(self) -> str:
        return self.person_id


class ErasureOrder(PersonFact):
    """Whoever says it is the home of the person's identity; every service that hears it destroys the person's keys."""

    erasure_id: str


class ErasureAnswer(PersonFact):
    """A service's answer to an order. `erasure_id` is the order's."""

    erasure_id: str
    destroyed_at: datetime


FACTS: dict[str, type[FactModel]] = {}
