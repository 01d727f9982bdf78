import datetime as dt
import json

import pytest

from graven.errors import InvalidEvent
from graven.event.model import Actor, Event, Target
from graven.event.redact import Glance, Redactor
from graven.sdk.composer import Composer, rfc3339
from graven.sdk.context import acting_as
from graven.sdk.redaction import sdk_rules

NOW_NS = 1_795_000_000_123_456_789


def composer(**options):
    given = {"source": "shop", "redactor": Redactor(sdk_rules()), "event_bytes": 100_000, **options}
    return Composer(**given, clock_ns=lambda: NOW_NS, random=bytes)


def compose(what, composer=composer(), **fields):  # noqa: B008 - has no state
    return json.loads(composer.compose(what, fields).with_producer("e", 7))


def test_an_action_is_enough():
    event = compose("order.create")
    assert event.pop("origin")["process"].startswith("shop[")
    assert event == {
        "action": "order.create",
        "actor": {"type": "service", "id": "shop"},
        "id": "01a1ee56-5e7b-7000-8000-000000000000",
        "time": "2026-11-18T11:06:40.123456789Z",
        "source": "shop",
        "producer": {"epoch": "e", "seq": 7},
    }


def test_the_three_ways_to_say_an_event_say_the_same():
    fields = {"actor": {"id": "alice"}, "targets": [{"type": "order", "id": "1"}]}
    assert (
        compose("order.create", **fields)
        == compose({"action": "order.create", **fields})
        == compose(Event(action="order.create", actor=Actor(id="alice"), targets=[Target(type="order", id="1")]))
    )


def test_an_actor_may_be_an_id():
    assert compose("a", actor="alice")["actor"] == {"id": "alice"}
    assert compose("a", actor=Actor(id="alice", type="user"))["actor"] == {"id": "alice", "type": "user"}


def test_the_scope_fills_in_what_is_not_said():
    with acting_as(
        "alice", correlation_id="c", session_id="s", trace={"trace_id": "t"}, run="ci-1", on_behalf_of=["b"]
    ):
        event = compose("a", session_id="mine")
    assert event["actor"] == {"id": "alice"}
    assert event["on_behalf_of"] == [{"id": "b"}]
    assert (event["correlation_id"], event["session_id"]) == ("c", "mine")
    assert event["trace"] == {"trace_id": "t"}
    assert event["qa"] == {"run": "ci-1"}


def test_an_actor_that_is_known_later_is_asked_for_at_each_recording():
    known = []
    with acting_as(lambda: known[0] if known else None):
        assert compose("a")["actor"]["id"] == "shop"
        known.append("alice")
        assert compose("a")["actor"]["id"] == "alice"


def test_the_producers_place_cannot_be_claimed():
    assert compose("a", producer={"epoch": "mine", "seq": 1})["producer"] == {"epoch": "e", "seq": 7}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"actr": "alice"}, 'actr: unknown field "actr" did you mean "actor"?'),
        ({"actor": {}}, "actor"),
        ({"actor": {"id": ""}}, "actor.id"),
        ({"severity": 25}, "severity"),
        ({"outcome": "succes"}, 'did you mean "success"?'),
        ({"id": "x" * 129}, "id"),
        ({"time": "2026-01-01T00:00:00"}, "time without zone"),
        ({"time": dt.datetime(2026, 1, 1)}, "time without zone"),  # noqa: DTZ001 - that is the point
        ({"targets": "order"}, "targets"),
    ],
)
def test_what_intake_would_refuse_is_refused_here(fields, reason):
    with pytest.raises(InvalidEvent) as caught:
        compose("a", **fields)
    assert reason in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("what", [None, 1, b"a", ["a"], "", "a" * 257])
def test_what_is_no_event_is_refused(what):
    with pytest.raises(InvalidEvent):
        compose(what)


def test_an_aware_time_and_labels_of_any_type_are_spelled_for_the_server():
    event = compose("a", time=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), labels={"n": 1, 2: True})
    assert event["time"] == "2026-01-01T00:00:00+00:00"
    assert event["labels"] == {"n": "1", "2": "True"}


def test_values_are_as_they_were_when_recorded():
    order = {"items": [1]}
    composed = composer().compose("a", {"input": order})
    order["items"].append(2)
    assert json.loads(composed.body)["input"] == {"items": [1]}


def test_secrets_are_gone_before_anything_is_encoded():
    body = composer().compose("a", {"input": {"password": "hunter2hunter2"}, "message": "it was hunter2hunter2"}).body
    assert b"hunter2" not in body


def test_a_secret_is_not_kept_by_cutting_it_in_two():
    key = f"-----BEGIN PRIVATE KEY-----\n{'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC' * 1000}\n-----END PRIVATE KEY-----"
    assert b"MIIEvQ" not in composer().compose("a", {"input": {"text": f"{'x' * 1000}{key}"}}).body


def test_a_long_text_is_cut_where_it_stands():
    event = compose("a", input="x" * 9000, message="y" * 9000, error={"stack": [{"locals": {"z": "z" * 9000}}]})
    assert event["input"]["$cut"]["size"] == 9000
    assert event["message"].startswith("yyy")
    assert "[cut: 9000 bytes" in event["message"]
    assert event["error"]["stack"][0]["locals"]["z"]["$cut"]["size"] == 9000


def test_the_largest_members_are_cut_until_the_event_fits():
    small = composer(event_bytes=3000)
    event = compose("a", small, input=["x" * 100] * 20, output="small", targets=[{"id": "t" * 100}] * 10)
    assert event["input"]["$cut"]["size"] > 2000
    assert event["output"] == "small"
    assert "$cut" not in event["targets"][0]


def test_an_event_that_cannot_be_made_to_fit_is_refused():
    with pytest.raises(InvalidEvent, match="stays above 1000 bytes"):
        composer(event_bytes=1000).compose("a", {"message": "m" * 2000})


def test_the_identifiers_of_events_made_at_once_differ():
    made = Composer(source="s", redactor=Redactor(sdk_rules()), event_bytes=1000)
    assert len({made.compose("a", {}).id for _ in range(1000)}) == 1000


def test_a_time_has_nine_digits():
    assert rfc3339(5) == "1970-01-01T00:00:00.000000005Z"


def test_a_secret_that_another_thread_puts_there_meanwhile_is_redacted(monkeypatch):
    shared = {"a": 1}
    look = Glance.is_plain

    def looked(self, members):
        found = look(self, members)
        shared["password"] = "hunter22"
        return found

    monkeypatch.setattr(Glance, "is_plain", looked)
    assert compose("a", input=shared)["input"]["password"]["$redacted"]["rule"] == "password-field"


def test_a_container_that_another_thread_changes_is_no_reason_to_lose_the_event(monkeypatch):
    def changed(self, members):
        raise RuntimeError("dictionary changed size during iteration")

    monkeypatch.setattr(Glance, "is_plain", changed)
    assert compose("a", input={"a": 1})["input"] == {"a": 1}
