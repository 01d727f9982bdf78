"""Paths of rules: steps, stars, spelling of names."""

import pytest

from graven.event.redact.paths import CompiledPath, step_needle


@pytest.mark.parametrize(
    ("path", "place", "matches"),
    [
        ("input.password", ("input", "password"), True),
        ("input.password", ("input", "Password"), True),
        ("input.password", ("input", "user", "password"), False),
        ("input.password", ("output", "password"), False),
        ("**.password", ("password",), True),
        ("**.password", ("a", 0, "b", "password"), True),
        ("**.password", ("password", "a"), False),
        ("**.*password", ("a", "db_password"), True),
        ("**.*password", ("a", "passwords"), False),
        ("**.password*", ("a", "passwords"), True),
        ("targets.*.attributes.pin", ("targets", 0, "attributes", "pin"), True),
        ("targets.*.attributes.pin", ("targets", "attributes", "pin"), False),
        ("input.**.pin", ("input", "pin"), True),
        ("input.**.pin", ("input", "a", 3, "pin"), True),
        ("input.**.pin", ("a", "input", "pin"), False),
        ("**.a.**.b", ("x", "a", "y", "z", "b"), True),
        ("**.a.**.b", ("x", "b", "a"), False),
        ("input.*", ("input", 0), True),
        ("input.*", ("input", "x"), True),
        ("input.*", ("input",), False),
    ],
)
def test_a_path_matches_a_place(path, place, matches):
    assert CompiledPath(path).matches(place) is matches


@pytest.mark.parametrize("name", ["api_key", "apikey", "apiKey", "API-KEY", "api key", "Api.Key"])
def test_an_underscore_stands_for_any_one_separator(name):
    assert CompiledPath("**.api_key").matches((name,))


@pytest.mark.parametrize("name", ["a_pikey", "api__key", "api/key", "apikey ", "apiＫey", "AP\u0130KEY", "api\u212aey"])
def test_other_spellings_are_other_names(name):
    assert CompiledPath("**.api_key").matches((name,)) is False


@pytest.mark.parametrize(("step", "needle"), [("*", ""), ("**", ""), ("*api_key", "apikey"), ("ab*cde", "cde")])
def test_the_needle_is_the_longest_literal(step, needle):
    assert step_needle(step) == needle
