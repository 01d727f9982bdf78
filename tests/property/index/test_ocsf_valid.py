"""Every event gives a valid OCSF event, and nothing of it is lost."""

import json
from typing import Any

from hypothesis import given, settings
from tests.support.ocsf_schema import check_ocsf
from tests.support.views import events, view

from graven.index.export.ocsf import ocsf_event
from graven.index.export.rows import compact


def strings(value: Any) -> list[str]:
    """Every string and number that a value holds, as text."""
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in strings(each)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in strings(each)]
    return [] if value is None or isinstance(value, bool) else [str(value)]


@settings(deadline=None)  # a loaded machine is no fault
@given(events())
def test_every_event_is_valid_and_whole(event):
    before = json.dumps(event)
    made = json.loads(compact(ocsf_event(view(5, **event), "shop")))
    check_ocsf(made)
    assert json.dumps(event) == before, "the event was changed"
    said = strings(made)
    for leaf in strings(event):
        assert leaf in said or any(leaf in text for text in said if text.startswith("{")), leaf
