import pytest

from graven.cli.event_flags import event_from_flags, json_flag, label_flag, thing_flag
from graven.errors import UsageError


def test_flags_become_an_event():
    event = event_from_flags(
        action="order.refund",
        actor="user:alice",
        targets=["order:42", "cart"],
        labels=["env=ci", "a=b=c"],
        input_json='{"amount": 12}',
        run="ci-1",
        outcome="success",
        message=None,
    )
    assert event == {
        "action": "order.refund",
        "actor": {"type": "user", "id": "alice"},
        "outcome": "success",
        "targets": [{"type": "order", "id": "42"}, {"id": "cart"}],
        "labels": {"env": "ci", "a": "b=c"},
        "input": {"amount": 12},
        "qa": {"run": "ci-1"},
    }


def test_an_output_of_null_is_recorded_and_not_left_out():
    assert event_from_flags(action="a", actor="b", output_json="null")["output"] is None


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("alice", {"id": "alice"}),
        ("user:alice", {"type": "user", "id": "alice"}),
        ("url:http://x/y", {"type": "url", "id": "http://x/y"}),
    ],
)
def test_a_thing_is_a_type_and_an_id_or_an_id(text, thing):
    assert thing_flag(text, None) == thing


@pytest.mark.parametrize("text", ["", ":", "ci:", ":42"])
def test_a_thing_with_an_empty_half_is_a_usage_error(text):
    with pytest.raises(UsageError, match="empty"):
        thing_flag(text, None)


@pytest.mark.parametrize("text", ["{", "NaN", "Infinity", "", "{'a': 1}"])
def test_what_is_not_json_is_a_usage_error_that_shows_json(text):
    with pytest.raises(UsageError, match="--input is not JSON") as caught:
        json_flag("--input", text)
    assert "--input '" in caught.value.hint


@pytest.mark.parametrize("text", ["plain", "=value", ""])
def test_a_label_without_key_and_value_is_a_usage_error(text):
    with pytest.raises(UsageError, match="KEY=VALUE"):
        label_flag("--label", text)
