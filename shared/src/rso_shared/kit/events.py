"""Stored events: stable names, canonical JSON, upcasting. The Python path of a class is never stored."""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar, dataclass_transform, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter

from rso_shared.kit.sealed import Sealed

E = TypeVar("E")
Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class EventType:
    """What the registry knows of one stored event: its class, the adapters of its clear part and of its sealed part."""

    name: str
    version: int
    cls: type
    adapter: TypeAdapter[Any]
    sealed_field: str | None
    sealed_adapter: TypeAdapter[Any] | None


@dataclass(frozen=True, slots=True)
class Encoded:
    """An event as it will be stored, before sealing. `secret` is the canonical JSON of the sealed part."""

    name: str
    schema_version: int
    data: str
    person_id: str | None
    secret: bytes | None


_BY_NAME: dict[str, EventType] = {}
_BY_CLASS: dict[type, EventType] = {}
_UPCASTERS: dict[tuple[str, int], Upcaster] = {}


@dataclass_transform(frozen_default=True, kw_only_default=True)
def event(name: str, *, version: int = 1) -> Callable[[type[E]], type[E]]:
    """Registers a frozen, slotted, keyword-only dataclass under a stored name `<service>.<snake_case, past tense>`."""

    def register(cls: type[E]) -> type[E]:
        made = dataclasses.dataclass(frozen=True, slots=True, kw_only=True)(cls)
        if name in _BY_NAME:
            raise ValueError(f"two events are named {name}")
        kind = _describe(name, version, made)
        _BY_NAME[name] = kind
        _BY_CLASS[made] = kind
        return made

    return register


def _describe(name: str, version: int, cls: type) -> EventType:
    sealed = {field: hint for field, hint in get_type_hints(cls).items() if get_origin(hint) is Sealed}
    if len(sealed) > 1:
        raise ValueError(f"{name} has {len(sealed)} sealed parts: the identifying part of an event is one sub-object")
    field = next(iter(sealed), None)
    inner = TypeAdapter(get_args(sealed[field])[0]) if field else None
    return EventType(name, version, cls, TypeAdapter(cls), field, inner)


def upcaster(name: str, from_version: int) -> Callable[[Upcaster], Upcaster]:
    """Registers the pure step from one schema version of the clear part to the next; rows are never rewritten."""

    def register(step: Upcaster) -> Upcaster:
        _UPCASTERS[name, from_version] = step
        return step

    return register


def event_type(cls: type) -> EventType:
    return _BY_CLASS[cls]


def known_events() -> dict[str, EventType]:
    return dict(_BY_NAME)


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def canonical(value: Any) -> str:
    """One text for one value: sorted keys, no spaces, UTF-8 as it is."""
    return _CANONICAL(value)


def encode(instance: Any) -> Encoded:
    kind = _BY_CLASS[type(instance)]
    data = canonical(kind.adapter.dump_python(instance, mode="json"))
    if kind.sealed_field is None or kind.sealed_adapter is None:
        return Encoded(kind.name, kind.version, data, None, None)
    sealed: Sealed[Any] = getattr(instance, kind.sealed_field)
    secret = canonical(kind.sealed_adapter.dump_python(sealed.open(), mode="json")).encode()
    return Encoded(kind.name, kind.version, data, sealed.person_id, secret)


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    """An event written by newer code. Deciders leave their state as it is; nothing is lost in the store."""

    name: str
    data: dict[str, Any]


def decode(name: str, schema_version: int, data: str, unseal: Callable[[str], bytes]) -> Any:
    """The event as its class. `unseal(person_id)` gives the plain bytes of the sealed part when somebody opens it."""
    kind = _BY_NAME.get(name)
    if kind is None or schema_version > kind.version:
        return UnknownEvent(name, json.loads(data))
    if schema_version < kind.version:
        data = _lifted(name, schema_version, kind.version, data)
    return kind.adapter.validate_json(data, context=unseal)


def _lifted(name: str, schema_version: int, wanted: int, data: str) -> str:
    fields: dict[str, Any] = json.loads(data)
    for step in range(schema_version, wanted):
        fields = _UPCASTERS[name, step](fields)
    return canonical(fields)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: `type` user | service, the token's subject, role and organisation, and for whom if for somebody else."""

    type: str
    id: str
    role: str
    organisation_id: str
    on_behalf_of: str | None = None


@dataclass(frozen=True, slots=True)
class Meta:
    """What stands beside every event. `correlation_id` runs through a whole exchange, `causation_id` names the cause."""

    actor: Actor
    correlation_id: str
    causation_id: str | None = None
    reason: str | None = None
    traceparent: str | None = None


_META = TypeAdapter(Meta)


def encode_meta(meta: Meta) -> str:
    return canonical(_META.dump_python(meta, mode="json"))


def decode_meta(text: str) -> Meta:
    return _META.validate_json(text)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event as the store has it. `hash` chains to the one before it in the same stream."""

    stream: str
    version: int
    event_id: str
    name: str
    schema_version: int
    event: Any
    meta: Meta
    recorded_at: datetime
    hash: bytes


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
