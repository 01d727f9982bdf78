import pytest
from tests.support.verify_logs import POLICY, VECTOR, VECTOR_KEY, make_log

from graven.errors import CouldNotCheck, InvalidInput
from graven.tlog.cosignature import Cosigner
from graven.tlog.note import Signer, add_signatures, parse_note
from graven.tlog.policy import parse_policy
from graven.verify.remember import Memory
from graven.verify.report import Report, Trust, Verdict
from graven.verify.trust import Trusted, establish, parse_key_file

NOTE = (VECTOR / "checkpoint").read_bytes()
KEY_FILE = VECTOR_KEY.text.encode() + b"\n"


def decide(note: bytes = NOTE, **options) -> tuple[Trusted | None, Report]:
    report = Report(target="t")
    options = {"key": None, "key_file": None, "policy": None, "memory": None, **options}
    return establish(report, note, **options), report


@pytest.mark.parametrize("content", [KEY_FILE[:-1], KEY_FILE + b"\n", b" " + KEY_FILE, b"\xff", b"", KEY_FILE * 2])
def test_a_key_file_has_one_spelling(content: bytes):
    assert parse_key_file(KEY_FILE) == VECTOR_KEY
    with pytest.raises(InvalidInput):
        parse_key_file(content)


def test_a_key_that_is_given_comes_before_one_that_is_found():
    trusted, report = decide(key=VECTOR_KEY, key_file=KEY_FILE)
    assert trusted is not None
    assert report.trust is Trust.GIVEN
    _, report = decide(key_file=KEY_FILE)
    assert report.trust is Trust.FIRST_USE


def test_a_policy_names_the_key_before_the_memory_does(tmp_path):
    memory = Memory(tmp_path / "memory.json")
    memory.remember(VECTOR_KEY, NOTE)
    policy = parse_policy(f"log {VECTOR_KEY.text}\nquorum none\n")
    assert decide(policy=policy, memory=memory)[1].trust is Trust.GIVEN
    assert decide(memory=memory)[1].trust is Trust.REMEMBERED


def test_another_key_beside_the_log_is_an_alarm_although_the_given_one_signed():
    other = Signer(VECTOR_KEY.name, bytes(32)).verifier
    trusted, report = decide(key=VECTOR_KEY, key_file=other.text.encode() + b"\n")
    assert trusted is not None
    assert [finding.code for finding in report.findings] == ["other_key"]
    assert report.findings[0].found == other.text


def test_the_key_of_another_log_checks_nothing_and_is_no_alarm():
    stranger = Signer("other.example/log", bytes(32)).verifier
    for beside in (None, KEY_FILE):
        trusted, report = decide(key=stranger, key_file=beside, whole_log=False)
        assert trusted is None
        assert [finding.code for finding in report.findings] == ["key_of_another_log"]
        assert report.verdict is Verdict.COULD_NOT_CHECK
        assert decide(key=stranger, key_file=beside)[1].verdict is Verdict.TAMPERED


def test_a_checkpoint_whose_origin_was_altered_is_tampering():
    altered = NOTE.replace(VECTOR_KEY.name.encode(), b"other.example/log", 1)
    assert decide(altered, key=VECTOR_KEY, whole_log=False)[1].verdict is Verdict.TAMPERED


def test_another_log_beside_the_key_that_was_given_is_tampering(tmp_path):
    other = make_log(tmp_path, 3, origin="other.example/log").checkpoint()
    assert decide(other, key=VECTOR_KEY, key_file=KEY_FILE, whole_log=False)[1].verdict is Verdict.TAMPERED


def test_another_log_where_an_anchored_one_must_be_is_tampering(tmp_path):
    other = make_log(tmp_path, 3, origin="other.example/log").checkpoint()
    assert decide(other, key=VECTOR_KEY, known=[NOTE])[1].verdict is Verdict.TAMPERED


def test_one_note_is_shown_once():
    other = Signer(VECTOR_KEY.name, bytes(32)).verifier
    _, report = decide(key=other, key_file=KEY_FILE)
    shown = [note for finding in report.findings for note in finding.evidence]
    assert shown == [NOTE.decode()]


def test_a_known_witness_whose_cosignature_fails_is_named():
    altered = NOTE.replace(b"DjHBA==", b"DjHBQ==")
    assert altered != NOTE
    _, report = decide(altered, key=VECTOR_KEY, policy=parse_policy(POLICY))
    assert {finding.code for finding in report.findings} == {"cosignature", "policy"}


def test_signatures_of_strangers_are_ignored():
    stranger = Cosigner("stranger.example/w", bytes(32))
    note = add_signatures(NOTE, [stranger.cosign(parse_note(NOTE).text, 5)])
    trusted, report = decide(note, key=VECTOR_KEY)
    assert trusted is not None
    assert report.findings == []


def test_an_anchor_of_another_log_could_not_be_compared(tmp_path):
    other = make_log(tmp_path, 3, origin="other.example/log")
    _, report = decide(key=VECTOR_KEY, known=[other.checkpoint(), b"junk"])
    assert [finding.code for finding in report.findings] == ["anchor_unusable"] * 2


def test_every_earlier_checkpoint_is_to_be_compared():
    older = (VECTOR / "checkpoint.200").read_bytes()
    trusted, report = decide(key=VECTOR_KEY, known=[older, NOTE])
    assert trusted is not None
    assert [one.checkpoint.size for one in trusted.earlier] == [200, 300]
    assert report.previous is not None


def test_a_memory_with_a_broken_checkpoint_stops_everything(tmp_path):
    memory = Memory(tmp_path / "memory.json")
    memory.remember(VECTOR_KEY, NOTE)
    memory.path.write_text(memory.path.read_text().replace("\\n300\\n", "\\n299\\n"))
    with pytest.raises(CouldNotCheck, match="malformed"):
        decide(memory=memory)
