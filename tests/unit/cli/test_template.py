"""Fields in a line of text: what a template says, how wide it is, and what is told of one that cannot be read."""

import pytest
from tests.support.views import view

from graven.cli.template import Template
from graven.cli.zone import Zone
from graven.errors import UsageError

UTC = Zone(0, "Z")
EVENT = view(
    4,
    outcome="failure",
    targets=[{"type": "order", "id": "42"}, {"id": "7"}],
    labels={"team": "qa", "a:b": "c"},
)
WIDE = view(actor={"id": "山田"})


def refused(text):
    with pytest.raises(UsageError) as caught:
        Template(text, UTC)
    return caught.value


@pytest.mark.parametrize("form", [">99999999999", "<1001", "." + "9" * 30, "01001"])
def test_a_width_of_a_template_that_is_not_sane_is_refused(form):
    with pytest.raises(UsageError, match="at most 1,000 columns wide"):
        Template(f"{{actor:{form}}}", UTC)


def test_a_width_of_a_thousand_columns_is_taken():
    assert len(Template("{actor:>1000}", UTC).line(EVENT)) == 1_000


def test_a_template_is_text_with_fields():
    template = Template("{index}\\t{actor:<8}|{target.id} {{x}}{run}\\n", UTC)
    assert template.line(EVENT) == "4\talice   |42, 7 {x}\n"


@pytest.mark.parametrize(("text", "shown"), [("C:\\\\temp {index}", "C:\\temp 4"), ("\\\\\\t{index}", "\\\t4")])
def test_a_backslash_that_is_doubled_is_one_and_begins_nothing(text, shown):
    assert Template(text, UTC).line(EVENT) == shown


def test_a_backslash_in_a_quoted_name_is_of_the_name():
    assert Template(r'{input."a\\tb"}', UTC).line(view(1, input={"a\\tb": "c"})) == "c"


@pytest.mark.parametrize("text", ["{actr}", "{", "}", "{actor:%}", "nothing", "", "{}"])
def test_a_template_that_cannot_be_read_is_refused(text):
    with pytest.raises(UsageError):
        Template(text, UTC)


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("<6", "山田  |"),
        (">6", "  山田|"),
        ("^6", " 山田 |"),
        ("*^8", "**山田**|"),
        ("6", "山田  |"),
        ("3", "山田|"),
        (".2", "山|"),
        ("4.2", "山  |"),
        (".3", "山 |"),
    ],
)
def test_a_width_is_one_of_the_terminal(form, shown):
    assert Template(f"{{actor:{form}}}|", UTC).line(WIDE) == shown


def test_a_field_may_stand_twice():
    assert Template("{actor} {actor}", UTC).line(EVENT) == "alice alice"


def test_a_quoted_name_may_hold_what_a_template_is_made_of():
    assert Template('{labels."a:b":>3}', UTC).line(EVENT) == "  c"


@pytest.mark.parametrize("text", ["{} {}", "{ }", "{:<4}"])
def test_empty_braces_are_told_with_the_names_of_fields(text):
    error = refused(text)
    assert error.message == "--template has braces without the name of a field"
    assert "fields are index, received," in error.why


@pytest.mark.parametrize("text", ["{0}", "{foo}", "{actor!r}", "{actor[0]}"])
def test_a_name_that_is_none_is_told_with_those_that_are(text):
    error = refused(text)
    assert error.message.startswith("--template: unknown field")
    assert "fields are index, received," in error.why
    assert "--template '{received} {actor:<20} {action} {target.id}'" in error.hint


def test_the_name_that_was_probably_meant_is_told():
    assert refused("{actr}").hint.startswith("did you mean actor?")


@pytest.mark.parametrize("form", ["<20d", "=20", ",", "%", "<<<", "山<4", "20.", "-4", "٣"])
def test_a_width_that_is_none_is_told_with_those_that_are(form):
    error = refused(f"{{actor:{form}}}")
    assert f"is no width, in {{actor:{form}}}" in error.message
    assert error.why.startswith("<20 pads on the right")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a {actor", "the brace at '{actor' is not closed"),
        ("a } b", "the brace at '} b' closes nothing"),
        ("{actor:{x}}", "the brace at '{actor:{x}}' is not closed"),
    ],
)
def test_a_brace_without_its_other_half_is_shown(text, said):
    assert refused(text).message == f"--template: {said}"
