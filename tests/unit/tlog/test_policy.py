import pytest

from graven.errors import InvalidInput
from graven.tlog.checkpoint import Checkpoint, sign_checkpoint
from graven.tlog.cosignature import Cosigner
from graven.tlog.encoding import encode_base64
from graven.tlog.keys import Signer
from graven.tlog.note import Note, Signature, add_signatures, parse_note
from graven.tlog.policy import Group, parse_policy

LOG = Signer("log.example/a", b"s" * 32)
CHECKPOINT = Checkpoint("log.example/a", 42, b"r" * 32)
WITNESSES = {name: Cosigner(f"{name}.example", name.encode() * 16) for name in ("X1", "X2", "X3", "Y1", "Y2")}
LINES = [f"witness {name} {witness.verifier.text}" for name, witness in WITNESSES.items()]
DEFINED = "\n".join(LINES) + "\n"


def cosigned_by(*names: str) -> Note:
    cosignatures = [WITNESSES[name].cosign(CHECKPOINT.text, 5) for name in names]
    return parse_note(add_signatures(sign_checkpoint(CHECKPOINT, LOG), cosignatures))


def test_logs_and_witnesses_come_with_key_and_address() -> None:
    policy = parse_policy(
        f"log {LOG.verifier.text} https://log.example/\n{LINES[0]} https://w.example/\n{LINES[1]}\nquorum X1\n"
    )
    assert policy.logs["log.example/a"].key == LOG.verifier
    assert policy.logs["log.example/a"].url == "https://log.example/"
    assert policy.witnesses["X1"].url == "https://w.example/"
    assert policy.witnesses["X2"].url == ""


def test_comments_blank_lines_and_white_space_are_free() -> None:
    policy = parse_policy(f"\n# a comment — é\n \t \n\t {LINES[0]}  \n   #quorum none\n  quorum\t X1".encode())
    assert (policy.quorum, list(policy.witnesses)) == ("X1", ["X1"])


def test_quorum_none_asks_for_nothing() -> None:
    assert parse_policy("quorum none").satisfied_by(cosigned_by())


def test_a_single_witness_must_have_cosigned() -> None:
    policy = parse_policy(f"{DEFINED}quorum X2\n")
    assert policy.satisfied_by(cosigned_by("X1", "X2"))
    assert not policy.satisfied_by(cosigned_by("X1"))


@pytest.mark.parametrize(("threshold", "needed"), [("any", 1), ("1", 1), ("2", 2), ("3", 3), ("all", 3)])
def test_a_group_needs_as_many_as_it_says(threshold: str, needed: int) -> None:
    policy = parse_policy(f"{DEFINED}group g {threshold} X1 X2 X3\nquorum g\n")
    assert policy.groups["g"] == Group(needed, ("X1", "X2", "X3"))
    assert policy.satisfied_by(cosigned_by(*["X3", "X1", "X2"][:needed]))
    assert not policy.satisfied_by(cosigned_by(*["X3", "X1", "X2"][: needed - 1], "Y1"))


def test_groups_of_groups() -> None:
    policy = parse_policy(f"{DEFINED}group X 2 X1 X2 X3\ngroup Y any Y1 Y2\ngroup X-and-Y all X Y\nquorum X-and-Y\n")
    assert policy.satisfied_by(cosigned_by("X1", "X3", "Y2"))
    assert not policy.satisfied_by(cosigned_by("X1", "X2", "X3"))
    assert not policy.satisfied_by(cosigned_by("X1", "Y1", "Y2"))


def test_one_witness_does_not_count_twice_by_signing_twice() -> None:
    policy = parse_policy(f"{DEFINED}group g 2 X1 X2\nquorum g\n")
    twice = [WITNESSES["X1"].cosign(CHECKPOINT.text, time_s) for time_s in (5, 6)]
    assert not policy.satisfied_by(parse_note(add_signatures(sign_checkpoint(CHECKPOINT, LOG), twice)))


def test_a_bad_cosignature_of_a_known_witness_condemns_the_note() -> None:
    policy = parse_policy(f"{DEFINED}quorum X1\n")
    bad = Signature("Y1.example", WITNESSES["Y1"].verifier.key_id, bytes(72))
    data = add_signatures(cosigned_by("X1").encode(), [bad])
    assert not policy.satisfied_by(parse_note(data))


@pytest.mark.parametrize(
    "text",
    [
        "",
        DEFINED,
        f"{DEFINED}quorum X1\nquorum X1",
        f"{DEFINED}quorum",
        f"{DEFINED}quorum X1 X2",
        f"{DEFINED}quorum nobody",
        f"quorum X1\n{DEFINED}",
        f"{DEFINED}group g any\nquorum g",
        f"{DEFINED}group g 0 X1\nquorum g",
        f"{DEFINED}group g 2 X1\nquorum g",
        f"{DEFINED}group g 01 X1\nquorum g",
        f"{DEFINED}group g +1 X1\nquorum g",
        f"{DEFINED}group g most X1\nquorum g",
        f"{DEFINED}group g any X1 X1\nquorum g",
        f"{DEFINED}group g any none\nquorum g",
        f"{DEFINED}group g any g\nquorum g",
        f"{DEFINED}group X1 any X2\nquorum X1",
        f"{DEFINED}group none any X2\nquorum none",
        f"{DEFINED}group g any X1\ngroup h any X1 X2\nquorum h",
        f"{LINES[0]}\n{LINES[0]}\nquorum X1",
        f"{LINES[0]}\n{LINES[0].replace('X1', 'Z1', 1)}\nquorum X1",
        f"{LINES[0].replace('X1', 'none', 1)}\nquorum none",
        f"{LINES[0]} url more\nquorum X1",
        f"witness X1\n{LINES[1]}\nquorum X2",
        f"witness X1 {LOG.verifier.text}\nquorum X1",
        f"log {WITNESSES['X1'].verifier.text}\nquorum none",
        f"log {LOG.verifier.text}\nlog {LOG.verifier.text}\nquorum none",
        f"log {LOG.verifier.text} url more\nquorum none",
        "log\nquorum none",
        "logs x\nquorum none",
        "quorum none\r\n",
        "quorum\u00a0none",
        "quorum none\x00",
        "quorum none\n#\x7f",
        "quorum none\n#\x0b",
        f"witness pq pq+00000000+{encode_base64(bytes([6]) + bytes(1312))}\nquorum pq",
    ],
)
def test_what_a_policy_cannot_mean_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_policy(text)


def test_the_line_of_an_error_is_named() -> None:
    with pytest.raises(InvalidInput, match="policy line 3: a second quorum line"):
        parse_policy("quorum none\n\nquorum none\n")


def test_names_of_other_scripts_are_names() -> None:
    line = LINES[0].replace("X1", "Zürich", 1)
    assert parse_policy(f"{line}\nquorum Zürich").satisfied_by(cosigned_by("X1"))


def test_a_policy_of_many_logs_witnesses_and_groups_is_read() -> None:
    witnesses = [Cosigner(f"w{n}", bytes([n]) * 32).verifier.text for n in range(32)]
    logs = [Signer(f"l{n}", bytes([n]) * 32).verifier.text for n in range(32)]
    text = "".join(f"log {log}\n" for log in logs)
    text += "".join(f"witness {n} {key}\ngroup g{n} all {n}\n" for n, key in enumerate(witnesses))
    policy = parse_policy(text + "quorum g31")
    assert (len(policy.logs), len(policy.witnesses), len(policy.groups)) == (32, 32, 32)


@pytest.mark.parametrize("data", [b"quorum none\n\xff", b"#" * 1_000_001])
def test_bytes_that_are_no_policy_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        parse_policy(data)
