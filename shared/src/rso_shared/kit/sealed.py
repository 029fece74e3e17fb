"""`Sealed[T]`: the identifying part of an event. Closed in the store, opened only where someone asks for it."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast, get_args

from pydantic import GetCoreSchemaHandler, TypeAdapter
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
        self._opener: tuple[Callable[[str], bytes], TypeAdapter[T]] | None = None

    @classmethod
    def closed(cls, person_id: str, unseal: Callable[[str], bytes], inner: TypeAdapter[T]) -> "Sealed[T]":
        """As read from the store: decrypted at `open()`, and not before. `unseal(person_id)` gives the JSON of the value."""
        sealed = cls.__new__(cls)
        sealed.person_id = person_id
        sealed._value = None  # noqa: SLF001 - its own class
        sealed._opener = unseal, inner  # noqa: SLF001 - its own class
        return sealed

    def open(self) -> T:
        if self._opener is not None:
            unseal, inner = self._opener
            return inner.validate_json(unseal(self.person_id))
        return cast("T", self._value)

    def __repr__(self) -> str:
        return f"Sealed({self.person_id})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and self.person_id == other.person_id and self.open() == other.open()

    def __hash__(self) -> int:
        return hash(self.person_id)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """In the clear part of an event only the person's id stands. Read from JSON it is closed, under the context's `unseal`."""
        inner: TypeAdapter[Any] = TypeAdapter((get_args(source) or (Any,))[0])

        def closed(value: Any, info: core_schema.ValidationInfo[Any]) -> Sealed[Any]:
            return cls.closed(value["person_id"], info.context, inner)

        return core_schema.json_or_python_schema(
            json_schema=core_schema.with_info_plain_validator_function(closed),
            python_schema=core_schema.is_instance_schema(cls),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda sealed: {"person_id": sealed.person_id}
            ),
        )
