"""Rules as settings: what could not work is refused; the defaults are well-formed."""

import msgspec
import pytest
from tests.support.event_samples import REDACTOR

from graven.errors import UsageError
from graven.event.redact import Redactor, Rule, check_rule, default_rules
from graven.event.redact.prefilter import Prefilter


@pytest.mark.parametrize("rule", default_rules(), ids=lambda rule: rule.name)
def test_default_rules_are_well_formed(rule):
    check_rule(rule)


def test_default_rules_never_send_every_event_down_the_slow_path():
    assert Prefilter(default_rules())._always == 0


def test_no_marker_of_a_default_rule_wakes_the_scan_for_a_rule():
    for rule in default_rules():
        body = b'{"password":{"$redacted":{"by":"producer","rule":"%s"}}}' % rule.name.encode()
        assert REDACTOR.prefilter.suspects(body, [body]) == {0: 0}, rule.name


def test_names_are_unique():
    names = [rule.name for rule in default_rules()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "rule",
    [
        Rule(name="Upper", paths=("a",)),
        Rule(name="", paths=("a",)),
        Rule(name="empty"),
        Rule(name="x", paths=("",)),
        Rule(name="x", paths=("a..b",)),
        Rule(name="x", paths=("a.**",)),
        Rule(name="x", paths=("a.b**",)),
        Rule(name="x", patterns=("(",)),
        Rule(name="x", patterns=("a",), needles=("é",)),
        Rule(name="x", patterns=("a",), needles=("--",)),
        Rule(name="x", patterns=("a",), hints=("[",)),
    ],
)
def test_a_rule_that_could_not_work_is_refused(rule):
    with pytest.raises(UsageError):
        Redactor([rule])


def test_rules_are_plain_settings():
    for rule in default_rules():
        assert msgspec.convert(msgspec.to_builtins(rule), Rule) == rule
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"name": "x", "path": ["a"]}, Rule)
