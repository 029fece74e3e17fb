"""What published facts have in common: a name, a key, codes and instants, and nobody's name."""

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from contracts import golden
from rso_shared.contracts.base import FactModel
from rso_shared.contracts.permissions import MATRIX, Reach
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.names import BY_SHORT

FACTS = golden.published()
IDENTIFYING = {
    "name", "names", "email", "mail", "phone", "fax", "address", "street", "city", "county", "zip", "postcode", "postal",
    "birth", "birthdate", "dob", "born", "age", "ssn", "mrn", "identifier", "title", "gender", "sex", "race", "signature",
    "photo", "ip", "agent", "diagnosis", "condition", "comment", "remark", "npi",
}  # fmt: skip
NAMES_NOBODY = {
    ("ChecklistItem", "max_age_days"): "of a document",
    ("OrganisationRegistered", "name"): "an organisation's",
    ("Program", "name"): "a program's",
    ("OpinionSigned", "diagnosis_effect"): "a code of four",
    **{(model, "condition_group"): "one of twelve, clear on the wire" for model in ("CaseSubmitted", "ConditionCoded")},
    ("Screening", "excluded_condition_groups"): "a rule of the program",
}


def fields(model: type[BaseModel]) -> Iterator[tuple[str, str]]:
    """(class, field) of a model and of every model inside it."""
    for name, field in model.model_fields.items():
        yield model.__name__, name
        for inner in _models(field.annotation):
            yield from fields(inner)


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in get_args(kind):
        yield from _models(part)


@pytest.mark.parametrize("type_", sorted(FACTS))
def test_a_fact_is_named_as_its_service_says_and_has_a_key(type_: str) -> None:
    model = FACTS[type_]
    fact = model.parse(golden.path_of(type_).read_text())
    short, _, what = model.TYPE.partition(".")
    assert type_ == f"rso.{short}.{what}.v{model.VERSION}" == model.fact_type()
    assert model.__module__ == f"rso_shared.contracts.{short}"
    assert short in BY_SHORT
    assert re.fullmatch(r"[a-z]+(_[a-z]+)+", what), "past tense, snake case"
    assert fact.key()
    assert fact.key() == getattr(fact, "case_id", fact.key())


@pytest.mark.parametrize("type_", sorted(FACTS))
def test_a_fact_is_frozen_and_says_who_may_see(type_: str) -> None:
    fact = FACTS[type_].parse(golden.path_of(type_).read_text())
    (change,) = fact.access
    assert (change.role, change.granted) == ("role-1", True)
    with pytest.raises(ValidationError):
        fact.access = ()


@pytest.mark.parametrize("name", sorted(golden.contracts()))
def test_no_field_is_named_like_identifying_data(name: str) -> None:
    found = {(owner, field) for owner, field in fields(golden.contracts()[name]) if IDENTIFYING & set(field.split("_"))}
    assert found - set(NAMES_NOBODY) == set()


def test_the_exceptions_are_all_still_needed() -> None:
    known = {place for model in golden.contracts().values() for place in fields(model)}
    assert set(NAMES_NOBODY) <= known


def test_two_facts_never_share_a_type() -> None:
    types = [model.TYPE for model in _all_subclasses(FactModel) if "TYPE" in model.__dict__]
    ours = [type_ for type_ in types if type_.split(".")[0] in BY_SHORT]
    assert len(ours) == len(set(ours)) == len(FACTS)


def _all_subclasses(model: type[FactModel]) -> Iterator[type[FactModel]]:
    for child in model.__subclasses__():
        yield child
        yield from _all_subclasses(child)


def test_the_matrix_knows_only_roles_and_reaches_that_exist() -> None:
    for permission, row in MATRIX.items():
        assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", permission)
        assert row, f"nobody may {permission}"
        for role, reach in row.items():
            assert isinstance(role, Role), permission
            assert isinstance(reach, Reach), permission


def test_those_outside_see_only_what_they_are_a_party_to() -> None:
    """A patient, a representative, a local provider, a specialist: by themselves. A partner, a sponsor: by organisation."""
    reach_of = {
        **dict.fromkeys((Role.PATIENT, Role.LEGAL_REPRESENTATIVE, Role.LOCAL_PROVIDER, Role.SPECIALIST), Reach.PARTY),
        **dict.fromkeys((Role.PARTNER, Role.SPONSOR), Reach.ORGANISATION),
    }
    open_to_all = {"program.read", "organisation.read", "clock.read", "clock.advance", "case.join"}
    for permission in set(MATRIX) - open_to_all:
        for role, reach in reach_of.items():
            if permission == "organisation.list" and role in {Role.PARTNER, Role.SPONSOR}:
                continue  # to name a facility in a case, its id has to be found
            assert MATRIX[permission].get(role, reach) is reach, (permission, role)


def test_no_role_is_left_without_any_permission() -> None:
    allowed = {role for row in MATRIX.values() for role in row}
    assert set(Role) - allowed == set()
