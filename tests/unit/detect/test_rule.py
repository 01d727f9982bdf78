"""What an alert may say, and its one spelling."""

import msgspec
import pytest

from graven.detect.rule import Alert, Silence, Threshold, decode_alert, digest_of, encode_alert, public_form
from graven.errors import InvalidInput

BURST = {"name": "burst", "query": "outcome:denied", "threshold": {"count": 10, "window_s": 60}}


def decoded(**members):
    return decode_alert(msgspec.json.encode({**BURST, **members}))


def refused(body, **more):
    with pytest.raises(InvalidInput) as error:
        decode_alert(body if isinstance(body, bytes) else msgspec.json.encode(body), **more)
    return error.value


def test_an_alert_has_defaults_that_are_not_spelled():
    alert = decoded()
    assert alert == Alert(name="burst", query="outcome:denied", threshold=Threshold(count=10, window_s=60))
    assert (alert.severity, alert.to, alert.enabled, alert.cooldown_s) == ("warning", (), True, 300)
    assert encode_alert(alert) == (b'{"name":"burst","query":"outcome:denied","threshold":{"count":10,"window_s":60}}')


def test_every_way_to_write_it_has_one_spelling():
    wide = b'{ "enabled": true, "threshold": {"by":"actor.id","window_s":60,"count":10}, "query":"a", "name":"burst" }'
    spelled = encode_alert(decode_alert(wide))
    assert spelled == b'{"name":"burst","query":"a","threshold":{"count":10,"window_s":60,"by":"actor"}}'
    assert encode_alert(decode_alert(spelled)) == spelled


def test_who_is_told_does_not_decide_when_it_fires():
    same = decoded(to=["https://a.example/"], severity="critical", enabled=False)
    assert digest_of(same) == digest_of(decoded())
    assert digest_of(decoded(cooldown_s=1)) != digest_of(decoded())


def test_the_name_of_the_address_counts():
    assert decode_alert(b'{"query":"a","silence":{"window_s":1}}', name="n") == Alert(
        name="n", query="a", silence=Silence(window_s=1)
    )
    assert "in the body" in refused({**BURST}, name="other").message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"threshold": None}, "there is none of them"),
        ({"silence": {"window_s": 5}}, "there is threshold and silence"),
        ({"threshold": None, "rule": "result_changed"}, "has its own query"),
        ({"threshold": None, "rule": "other", "query": ""}, "rule"),
        ({"threshold": {"count": 0, "window_s": 60}}, "threshold.count: at least 1"),
        ({"threshold": {"count": 10_001, "window_s": 60}}, "at most 10,000"),
        ({"threshold": {"count": 1, "window_s": 0}}, "threshold.window_s"),
        ({"threshold": {"count": 1, "window_s": 1.5}}, "threshold.window_s"),
        ({"threshold": {"count": True, "window_s": 1}}, "threshold.count"),
        ({"threshold": {"count": 1, "window_s": 1, "by": "actro"}}, "unknown field"),
        ({"threshold": {"count": 1, "window_s": 1, "by": "duration"}}, "cannot be counted by duration"),
        ({"threshold": {"count": 1, "window_s": 1, "by": "input.x"}}, "cannot be counted by"),
        ({"name": "Burst"}, "name"),
        ({"name": "a\n"}, "name"),
        ({"severity": "loud"}, "severity"),
        ({"cooldown_s": -1}, "cooldown_s"),
        ({"to": ["https://a.example/", "https://a.example/"]}, "twice"),
        ({"to": ["ftp://a.example/"]}, "https://"),
        ({"to": ["https://a.example/"] * 21}, "to"),
        ({"query": "x" * 5000}, "query"),
        ({"querry": "x"}, 'unknown field "querry"'),
        ({"threshold": {"count": 1, "window": 1}}, 'unknown field "window"'),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(change, said):
    error = refused({name: value for name, value in {**BURST, **change}.items() if value is not None})
    assert said in error.message


def test_a_misspelt_field_gets_a_suggestion():
    assert refused({**BURST, "querry": "x"}).hint == 'did you mean "query"?'
    assert refused({**BURST, "threshold": {"count": 1, "windows": 1}}).hint == 'did you mean "window_s"?'


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"name":"a","name":"b"', b"[" * 100_000, b" " * 70_000])
def test_what_is_no_alert_at_all_is_refused(body):
    assert refused(body).code == "invalid_alert"
    assert refused(body, name="a").code == "invalid_alert"


def test_the_query_is_parsed_by_whoever_knows_how():
    def parse(query):
        raise InvalidInput(f"at 3: {query}", code="bad_query")

    assert refused(BURST, check_query=parse).code == "bad_query"


def to_be_set(count, by):
    threshold = {"count": count, "window_s": 60, "by": by}
    return {"name": "burst", "query": "a", "threshold": threshold}


@pytest.mark.parametrize(
    ("by", "said", "hint"),
    [
        ("labels", "counted by all labels at once", "labels.team"),
        ("labels.", "counted by all labels at once", "labels.team"),
        ("id", "no 2 matches of one source have the same id", "actor"),
    ],
)
def test_what_no_two_matches_share_cannot_be_set_to_group_them(by, said, hint):
    error = refused(to_be_set(2, by), check_query=lambda _: None)
    assert said in error.message
    assert hint in error.hint


@pytest.mark.parametrize("by", ["target", "target.id", "labels.team", "actor", "ip"])
def test_what_matches_may_share_groups_them(by):
    made = decode_alert(msgspec.json.encode(to_be_set(2, by)), lambda _: None)
    assert made.threshold.by == by


def test_what_was_set_before_is_still_read():
    assert decoded(threshold={"count": 2, "window_s": 60, "by": "labels"}).threshold.by == "labels"


def test_records_show_addresses_without_their_secrets():
    shown = public_form(decoded(to=["https://hooks.example/T0/secret?k=1", "mailto:qa@shop.example"]))
    assert "secret" not in str(shown)
    assert shown["to"][0].startswith("https://hooks.example/…")
    assert shown["to"][1] == "mailto:qa@shop.example"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"name":"BAD_Name","silence":{}}', 'name: 1 to 63 of a-z, 0-9 and "-" are expected, not "-" first'),
        (b'{"name":"a","silence":{"window_s":34560000}}', "silence.window_s: at most 2,678,400 seconds (31 days)"),
        (b'{"name":"a","silence":{"window_s":0}}', "silence.window_s: at least 1 second"),
        (b'{"name":"a"', "no JSON: it ends too soon"),
        (b"{a}", "no JSON: object keys must be strings (byte 1)"),
        (b'{"name":"a","silence":{"window_s":1},"to":[],"to":[]}', "duplicate member 'to' at byte 45"),
        (b'{"name":"a","silence":{"window_s":1,"window_s":2}}', "duplicate member 'window_s' at byte 36"),
    ],
)  # fmt: skip
def test_what_is_refused_is_said_in_words(body, said):
    with pytest.raises(InvalidInput) as refused:
        decode_alert(body)
    assert refused.value.message == f"alert: {said}"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"silence":{"window_s":1},"silence":{"window_s":2}}', "duplicate member 'silence' at byte 26"),
        (b'{"query":' + b"[" * 30_000 + b"]" * 30_000 + b"}", "nested too deep"),
    ],
    ids=["twice", "deep"],
)
def test_a_body_without_its_name_has_one_spelling_too(body, said):
    with pytest.raises(InvalidInput) as refused:
        decode_alert(body, name="a")
    assert refused.value.message == f"alert: {said}"
