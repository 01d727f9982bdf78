import pytest

from graven.cli.verdict import exit_code_of, explain, render
from graven.verify.report import Finding, Kind, Report, TreeHead, Trust


def report(*findings, complete=True):
    value = Report(target="there", origin="o/x", key="o/x+00000000+AQ+Q", trust=Trust.GIVEN)
    value.checkpoint = TreeHead(3, "cm9vdA==")
    value.complete = complete
    value.extend(findings)
    return value


TAMPERED = Finding(
    kind=Kind.TAMPERED,
    code="fork",
    message="two histories",
    path="tile/0/000.p/3",
    index=2,
    expected="aa",
    found="bb",
    why="because",
    hint="keep both",
    evidence=("o/x\n3\nroot\n\n— o/x " + "s" * 200 + "\n",),
)
ABSENT = Finding(kind=Kind.COULD_NOT_CHECK, code="blob", message="a blob is absent")


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (report(), 0),
        (report(TAMPERED), 1),
        (report(ABSENT), 3),
        (report(ABSENT, TAMPERED), 1),
        (report(complete=False), 3),
    ],
)
def test_the_exit_code_follows_from_the_verdict(value, code):
    assert exit_code_of(value) == code


def test_a_finding_says_where_what_why_and_what_to_try():
    text = render(report(TAMPERED))
    assert text.startswith("✗ tampered: there")
    for line in ("where    tile/0/000.p/3", "expected aa", "found    bb", "why      because", "try      keep both"):
        assert line in text


def test_signed_notes_are_folded_to_the_width_and_lose_nothing():
    text = render(report(TAMPERED))
    notes = text.partition("signed note 1")[2]
    assert max(len(line) for line in notes.splitlines()) <= 80
    assert "".join(notes.split()) == "".join(TAMPERED.evidence[0].split())


def test_a_key_is_named_by_its_id():
    assert "key        00000000 (given)" in render(report())


def test_could_not_check_is_not_shown_as_fine():
    assert "✓" not in render(report(ABSENT))


def test_explain_says_that_a_key_trusted_on_first_use_proves_less():
    value = report()
    value.trust = Trust.FIRST_USE
    assert "--key" in explain(value)


def test_where_no_log_is_nothing_is_explained_about_its_past_or_its_witnesses():
    text = explain(Report(target="nowhere"))
    assert "remembered" not in text
    assert "witness" not in text
