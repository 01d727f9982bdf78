"""The native event has the fields of the design, and nothing in it is tracked by the garbage collector."""

import msgspec
import pytest

from graven.event import model
from graven.event.redact import IDENTITY_FIELDS

FIELDS = """id time source action outcome actor on_behalf_of targets origin method input output error duration_ns
severity message reason ticket qa trace correlation_id
causation_id session_id producer attachments labels attributes""".split()
STRUCTS = [getattr(model, name) for name in model.__all__ if isinstance(getattr(model, name), type(msgspec.Struct))]


def test_the_top_level_fields_are_those_of_the_design():
    assert sorted(model.Event.__struct_fields__) == sorted(FIELDS)


def test_only_action_and_actor_are_required():
    required = [field.name for field in msgspec.structs.fields(model.Event) if field.required]
    assert required == ["action", "actor"]


def test_identity_fields_are_fields():
    assert set(model.Event.__struct_fields__) >= IDENTITY_FIELDS


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_every_part_refuses_unknown_members_and_costs_the_collector_nothing(struct):
    assert struct.__struct_config__.forbid_unknown_fields
    assert struct.__struct_config__.gc is False
    assert struct.__struct_config__.omit_defaults
