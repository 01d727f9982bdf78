"""The document says what the framework cannot see."""

import json
from typing import Any
from unittest.mock import MagicMock

import pytest

from graven.server.api import make_api
from graven.server.openapi import complete_document

# Litestar's newer way to declare a path parameter is unknown to the oldest version that we take
pytestmark = pytest.mark.filterwarnings("ignore::litestar.exceptions.LitestarDeprecationWarning")


@pytest.fixture
def document() -> dict[str, Any]:
    return complete_document(make_api(MagicMock(), MagicMock()).openapi_schema.to_schema())


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    named = {part.partition('"')[0] for part in json.dumps(document).split("#/components/schemas/")[1:]}
    assert "Event" in named
    assert named <= schemas.keys()


def test_every_call_says_what_it_does_and_how_it_refuses(document: dict[str, Any]) -> None:
    for path, calls in document["paths"].items():
        for call in calls.values():
            assert call["description"], path
            assert call["responses"]["default"]["content"]["application/json"]["schema"]["$ref"].endswith("/Error")
            assert "400" not in call["responses"]


def test_every_placeholder_of_a_path_is_a_parameter(document: dict[str, Any]) -> None:
    for path, calls in document["paths"].items():
        placeholders = {part.strip("{}") for part in path.split("/") if part.startswith("{")}
        for call in calls.values():
            assert {p["name"] for p in call.get("parameters", []) if p["in"] == "path"} == placeholders


def test_completing_changes_only_a_copy() -> None:
    before = make_api(MagicMock(), MagicMock()).openapi_schema.to_schema()
    shown = json.dumps(before)
    complete_document(before)
    assert json.dumps(before) == shown
