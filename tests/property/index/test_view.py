"""Whatever lies in a log has a view, and every field can be asked of it."""

import json

from hypothesis import given
from hypothesis import strategies as st
from tests.property.index.strategies import entries, patient, queries, values

from graven.event.envelope import entry_head, entry_tail
from graven.event.pushed import wrap
from graven.index.derive.view import view_of
from graven.index.query.matches import matches

MEMBERS = {"index", "received", "token", "by_ip", "id", "source", "format", "event"}
FORMATS = ["event/1", "graven.entry/1", "k8s.audit/v1", "quarantine/1", "otlp.log/1", ""]
K8S = ["user", "objectRef", "responseStatus", "verb", "sourceIPs", "annotations", "stageTimestamp", "responseObject"]


@st.composite
def strange_entries(draw):
    data = draw(
        values.map(json.dumps).map(str.encode)
        | st.dictionaries(st.sampled_from(K8S), values).map(json.dumps).map(str.encode)
        | entries().map(lambda entry: wrap("origin.example/x", 0, entry))
        | st.binary(min_size=1, max_size=20)
    )
    format_ = draw(st.sampled_from(FORMATS))
    return entry_head(0) + entry_tail(token="t", ip="", id="i", source="s", format=format_, data=data)


@st.composite
def damaged_entries(draw):
    raw = bytearray(draw(entries() | strange_entries()))
    for _ in range(draw(st.integers(0, 3))):
        raw[draw(st.integers(0, len(raw) - 1))] = draw(st.integers(0, 255))
    return bytes(raw)


@patient
@given(st.binary(max_size=200) | strange_entries() | damaged_entries(), queries())
def test_any_bytes_have_a_view_that_can_be_asked(raw, query):
    view = view_of(3, raw, lambda digest: None)
    assert MEMBERS <= view.keys() <= MEMBERS | {"redacted"}
    assert isinstance(view["event"], dict)
    assert isinstance(view["received"], int)
    assert matches(query, view) in (True, False)
