"""`Sealed[T]`: the identifying part of an event. Closed in the store, opened only where someone asks for it."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

T = TypeVar("T")


class Sealed(Generic[T]):
    """A value under one person's key. State carries it unopened; `open()` decrypts, or raises KeyDestroyed after erasure.

    Never shows its value in repr, so that no log, traceback or failure message can.
    """

    __slots__ = ("_opener", "_value", "person_id")

    def __init__(self, person_id: str, value: T) -> None:
        self.person_id = person_id
        self._value: T | None = value
        self._opener: Callable[[], T] | None = None

    @classmethod
    def closed(cls, person_id: str, opener: Callable[[], T]) -> "Sealed[T]":
        """As read from the store: decrypted at the first `open()`, and not before."""
        sealed = cls.__new__(cls)
        sealed.person_id = person_id
        sealed._value = None  # noqa: SLF001 - its own class
        sealed._opener = opener  # noqa: SLF001 - its own class
        return sealed

    def open(self) -> T:
        if self._opener is not None:
            return self._opener()
        return cast("T", self._value)

    def __repr__(self) -> str:
        return f"Sealed({self.person_id})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and self.person_id == other.person_id and self.open() == other.open()

    def __hash__(self) -> int:
        return hash(self.person_id)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """In the clear part of an event only the person's id stands."""
        return core_schema.is_instance_schema(
            cls,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda sealed: {"person_id": sealed.person_id}
            ),
        )
