"""Whose checkpoint it is: the key, the signature, the witnesses, and what was seen before.

Used for a whole log, for one proof and for an archive alike. Nothing here looks at a tile.
"""

from collections.abc import Sequence

import msgspec

from graven.errors import CouldNotCheck, InvalidInput
from graven.tlog.checkpoint import Checkpoint, checkpoint_of, open_checkpoint, parse_checkpoint_text
from graven.tlog.encoding import encode_base64
from graven.tlog.note import Note, VerifierKey, open_note, parse_note
from graven.tlog.policy import Policy
from graven.verify.remember import Memory, Remembered
from graven.verify.report import Finding, Kind, Report, TreeHead, Trust

__all__ = ["Earlier", "Trusted", "establish", "fork", "parse_key_file", "tampered"]


class Earlier(msgspec.Struct, frozen=True):
    """A checkpoint of the same log that was seen before, and where it was kept."""

    checkpoint: Checkpoint
    note: str
    origin: str


class Trusted(msgspec.Struct, frozen=True):
    """A checkpoint that may be built on. `key` is None when nobody's signature could be checked."""

    checkpoint: Checkpoint
    note: bytes
    key: VerifierKey | None
    earlier: tuple[Earlier, ...] = ()
    """Those that the tree must extend: smaller ones, or of the same size and root."""


def tampered(code: str, message: str, **rest: object) -> Finding:
    """A finding of kind `tampered`."""
    return msgspec.convert({"kind": Kind.TAMPERED, "code": code, "message": message, **rest}, Finding)


def parse_key_file(data: bytes) -> VerifierKey:
    """The key in a `log.vkey` file: one line, with its newline. Raises InvalidInput."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput("the key file is not UTF-8") from error
    key = VerifierKey.parse(text.removesuffix("\n"))
    if text != key.text + "\n":
        raise InvalidInput("the key file is not one line with a verifier key")
    return key


def establish(
    report: Report,
    note_data: bytes,
    *,
    key: VerifierKey | None,
    key_file: bytes | None,
    policy: Policy | None,
    memory: Memory | None,
    known: Sequence[bytes] = (),
    whole_log: bool = True,
) -> Trusted | None:
    """Decide whether to build on a checkpoint; None when there is none to build on.

    Fills in the report: key, trust, checkpoint, cosignatures, findings. With `whole_log` a tree smaller than
    one seen before is a rollback; a proof or an archive may well be older than what was seen since.
    """
    # 1. form: a signed note whose text is a checkpoint
    try:
        note = parse_note(note_data)
        unsigned = parse_checkpoint_text(note.text)
    except InvalidInput as error:
        report.add(tampered("checkpoint_malformed", f"the checkpoint is malformed: {error.message}", path="checkpoint"))
        return None
    report.origin = unsigned.origin
    report.checkpoint_note = note_data.decode("utf-8")
    report.checkpoint = TreeHead(unsigned.size, encode_base64(unsigned.root))
    # 2. key: given, named by the policy, remembered, or found beside the log
    # a proof or an archive says itself which log it is of; a place that was named shows one that it should not
    if key is not None and not whole_log and _is_of_another_log(key, note, unsigned.origin, key_file):
        report.add(_another_log(key, unsigned.origin))
        return None
    remembered = memory.recall(unsigned.origin) if memory is not None else None
    chosen = _choose_key(report, unsigned.origin, key, key_file, policy, remembered)
    # 3. signature, for that origin
    if chosen is not None:
        try:
            note, _ = open_note(note_data, [chosen])
            checkpoint_of(note, chosen)
        except InvalidInput as error:
            message = f"the checkpoint is not signed by {chosen.text}: {error.message}"
            shown = any(report.checkpoint_note in finding.evidence for finding in report.findings)
            evidence = [] if shown else [report.checkpoint_note]
            report.add(tampered(error.code, message, path="checkpoint", evidence=evidence))
            return None
    # 4. witnesses
    if policy is not None:
        _check_policy(report, note, unsigned, policy)
    # 5. what was seen before
    earlier: list[Earlier] = []
    if chosen is not None:
        kept = [] if memory is None or remembered is None else _open_remembered(memory, remembered, chosen)
        anchored = [_open_known(report, data, chosen) for data in known]
        earlier = [
            one
            for one in [*kept, *filter(None, anchored)]
            if _compare(report, unsigned, report.checkpoint_note, one, whole_log=whole_log)
        ]
    return Trusted(unsigned, note_data, chosen, tuple(earlier))


def _is_of_another_log(key: VerifierKey, note: Note, origin: str, key_file: bytes | None) -> bool:
    """Whether the key that was given and the checkpoint have nothing to do with each other.

    A checkpoint that claims a signature by this key, or lies beside a key of that name, is one whose origin was
    altered: that is for the signature to show.
    """
    if key.name == origin or any(one.name == key.name for one in note.signatures):
        return False
    if key_file is None:
        return True
    try:
        return parse_key_file(key_file).name == origin
    except InvalidInput:
        return False


def _another_log(key: VerifierKey, origin: str) -> Finding:
    return Finding(
        kind=Kind.COULD_NOT_CHECK,
        code="key_of_another_log",
        message=f"the key is of the log {key.name}, this is of the log {origin}",
        path="checkpoint",
        expected=key.name,
        found=origin,
        why="each log has a key of its own, and only that can tell whether its record is the one that was made",
        hint=f"give the key of {origin}, from somebody you trust",
    )


def _choose_key(
    report: Report,
    origin: str,
    given: VerifierKey | None,
    key_file: bytes | None,
    policy: Policy | None,
    remembered: Remembered | None,
) -> VerifierKey | None:
    beside = None
    if key_file is not None:
        try:
            beside = parse_key_file(key_file)
        except InvalidInput as error:
            report.add(tampered("key_file_malformed", f"log.vkey is malformed: {error.message}", path="log.vkey"))
    if given is None and policy is not None and origin in policy.logs:
        given = policy.logs[origin].key
    known = None
    if remembered is not None:
        try:
            known = remembered.key()
        except InvalidInput as error:
            raise CouldNotCheck(f"the remembered key of {origin} is malformed: {error.message}") from error
    chosen = given or known or beside
    report.trust = Trust.GIVEN if given else Trust.REMEMBERED if known else Trust.FIRST_USE if beside else None
    if chosen is None:
        report.add(
            Finding(
                kind=Kind.COULD_NOT_CHECK,
                code="no_key",
                message="nobody's signature could be checked: there is no key",
                hint="give the log's verifier key with --key",
            )
        )
        return None
    report.key = chosen.text
    for other, place in ((known, "the one remembered"), (beside, "the one in log.vkey")):
        if other is not None and other != chosen:
            notes = (report.checkpoint_note, remembered.checkpoint if remembered else None)
            evidence = list(dict.fromkeys(filter(None, notes)))
            report.add(
                tampered(
                    "other_key",
                    f"the key of {origin} is not {place}",
                    expected=chosen.text,
                    found=other.text,
                    why="a log has one key for ever; whoever swaps it can rewrite the log",
                    hint="ask the log's operator by another way which key is theirs; keep both checkpoints",
                    evidence=evidence,
                )
            )
    return chosen


def _check_policy(report: Report, note: Note, checkpoint: Checkpoint, policy: Policy) -> None:
    for name, witness in policy.witnesses.items():
        try:
            if note.verified_by([witness.key]):
                report.cosigned_by.append(name)
        except InvalidInput as error:
            report.add(tampered("cosignature", f"witness {name}: {error.message}", path="checkpoint"))
    if not policy.satisfied_by(note):
        report.add(
            tampered(
                "policy",
                f"the checkpoint of size {checkpoint.size} lacks cosignatures that the policy asks for",
                path="checkpoint",
                expected=f"quorum {policy.quorum}",
                found=", ".join(report.cosigned_by) or "none",
                why="without its witnesses a log can show different trees to different people",
            )
        )


def _open_remembered(memory: Memory, remembered: Remembered, chosen: VerifierKey) -> list[Earlier]:
    try:
        checkpoint = remembered.open()
    except InvalidInput as error:
        raise CouldNotCheck(
            f"{memory.path}: the checkpoint remembered of {chosen.name} is malformed: {error.message}",
            code="memory_malformed",
        ) from error
    if remembered.vkey != chosen.text:
        return []  # reported as a changed key; trees under different keys are not compared
    return [Earlier(checkpoint, remembered.checkpoint, f"remembered on {remembered.seen}")]


def _open_known(report: Report, data: bytes, chosen: VerifierKey) -> Earlier | None:
    try:
        checkpoint = open_checkpoint(data, chosen)
    except InvalidInput as error:
        report.add(
            Finding(
                kind=Kind.COULD_NOT_CHECK,
                code="anchor_unusable",
                message=f"the anchored checkpoint cannot be compared: {error.message}",
                evidence=(data.decode("utf-8", "replace"),),
            )
        )
        return None
    return Earlier(checkpoint, data.decode("utf-8"), "anchored")


def _compare(report: Report, current: Checkpoint, note: str, earlier: Earlier, *, whole_log: bool) -> bool:
    """Whether the tree still has to be shown to extend the earlier one."""
    before = earlier.checkpoint
    if before.size == current.size and before.root != current.root:
        report.add(fork(current, note, earlier, "two checkpoints of one size have different roots"))
        return False
    if before.size != current.size and not whole_log:
        # without the tiles nothing shows whether one tree extends the other
        report.notes.append(
            f"a proof alone cannot show whether size {current.size} and size {before.size}, {earlier.origin}, are one "
            "history: verify the log for that"
        )
        return False
    if before.size > current.size:
        report.add(
            tampered(
                "rollback",
                f"the log was cut: size went from {before.size} to {current.size}",
                expected=f"size {before.size} or more, extending root {before.root.hex()}",
                found=f"size {current.size}, root {current.root.hex()}",
                why=f"the larger checkpoint was {earlier.origin}; a log only grows",
                hint="keep both checkpoints: together they are the proof",
                evidence=[earlier.note, note],
            )
        )
        return False
    report.previous = TreeHead(before.size, encode_base64(before.root))
    return True


def fork(current: Checkpoint, note: str, earlier: Earlier, what: str) -> Finding:
    """Two signed trees of one log of which neither extends the other."""
    before = earlier.checkpoint
    return tampered(
        "fork",
        f"the log was rewritten: {what}",
        expected=f"a tree that extends size {before.size}, root {before.root.hex()}",
        found=f"size {current.size}, root {current.root.hex()}",
        why=f"the earlier checkpoint was {earlier.origin}, and the log's own key signed both",
        hint="keep both checkpoints: together they are the proof",
        evidence=[earlier.note, note],
    )
