"""Policy files (C2SP tlog-policy): which logs are trusted, and which witnesses must have cosigned.

```
log <vkey> [url]
witness <name> <vkey> [url]
group <name> all|any|<k> <members…>
quorum <name|none>
```
A policy is configuration written by people, not evidence: spaces and comments are free. What it means is
not: every name is defined before it is used, once, and is a member of one group only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from graven.errors import InvalidInput
from graven.tlog.encoding import decode_decimal, shown
from graven.tlog.keys import COSIGNATURE_V1, ED25519, VerifierKey
from graven.tlog.note import Note

__all__ = ["Group", "Member", "Policy", "parse_policy"]

NONE = "none"
_MAX_POLICY_SIZE = 1_000_000


@dataclass(frozen=True, slots=True)
class Member:
    """A log or a witness: its key, and where to reach it ("" when the policy does not say)."""

    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Satisfied when at least `threshold` (1 to n) of its n members, witnesses or groups, are."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """`logs` and `witnesses` by origin and by policy name; `quorum` names a witness, a group or "none"."""

    logs: Mapping[str, Member] = field(default_factory=dict)
    witnesses: Mapping[str, Member] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str = NONE

    def satisfied_by(self, note: Note) -> bool:
        """Whether enough of the witnesses cosigned the note (the logs' signatures are not looked at).

        False also when a known witness's cosignature does not verify: that condemns the whole note.
        """
        if self.quorum == NONE:
            return True
        try:
            verified = set(note.verified_by(witness.key for witness in self.witnesses.values()))
        except InvalidInput:
            return False
        satisfied = {name for name, witness in self.witnesses.items() if witness.key in verified}
        for name, group in self.groups.items():  # in order of definition: members come first
            if len(satisfied.intersection(group.members)) >= group.threshold:
                satisfied.add(name)
        return self.quorum in satisfied


def parse_policy(data: bytes | str) -> Policy:
    """The policy that a file spells. Raises InvalidInput, naming the line."""
    text = _decode(data)
    reader = _Reader()
    for number, line in enumerate(text.split("\n"), start=1):
        words = line.replace("\t", " ").split(" ")
        words = [word for word in words if word]
        if not words or words[0].startswith("#"):
            continue
        try:
            reader.line(words)
        except InvalidInput as error:
            raise InvalidInput(f"policy line {number}: {error.message}", code=error.code) from error
    if reader.quorum is None:
        raise InvalidInput("a policy has exactly one quorum line; this one has none")
    return Policy(reader.logs, reader.witnesses, reader.groups, reader.quorum)


def _decode(data: bytes | str) -> str:
    if len(data) > _MAX_POLICY_SIZE:
        raise InvalidInput(f"a policy of {len(data)} characters; at most {_MAX_POLICY_SIZE} are read")
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
    except UnicodeDecodeError as error:
        raise InvalidInput(f"the policy is not UTF-8 at byte {error.start}") from error
    for position, char in enumerate(text):
        if (char < " " and char not in "\t\n") or char == "\x7f":
            raise InvalidInput(f"the policy has the control character {char!r} at {position}")
    return text


class _Reader:
    """What the lines so far defined."""

    def __init__(self) -> None:
        self.logs: dict[str, Member] = {}
        self.witnesses: dict[str, Member] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._in_group: set[str] = set()

    def line(self, words: list[str]) -> None:
        match words:
            case ["log", vkey] | ["log", vkey, _]:
                key = _key(vkey, ED25519)
                self._unused_public(key, self.logs)
                if key.name in self.logs:
                    raise InvalidInput(f"a second key for the log {shown(key.name)}")
                self.logs[key.name] = Member(key, words[2] if len(words) > 2 else "")
            case ["witness", name, vkey] | ["witness", name, vkey, _]:
                self._new(name)
                key = _key(vkey, COSIGNATURE_V1)
                self._unused_public(key, self.witnesses)
                self.witnesses[name] = Member(key, words[3] if len(words) > 3 else "")
            case ["group", name, threshold, *members] if members:
                self._new(name)
                self._group(name, threshold, members)
            case ["quorum", name]:
                if self.quorum is not None:
                    raise InvalidInput("a second quorum line")
                if name != NONE:
                    self._defined(name)
                self.quorum = name
            case _:
                raise InvalidInput(f"not a log, witness, group or quorum line: {shown(' '.join(words))}")

    def _group(self, name: str, threshold: str, members: list[str]) -> None:
        for member in members:
            self._defined(member)
            if member in self._in_group:
                raise InvalidInput(f"{shown(member)} is a group's member twice; it would count twice")
            self._in_group.add(member)
        match threshold:
            case "all":
                count = len(members)
            case "any":
                count = 1
            case _:
                count = decode_decimal(threshold, maximum=len(members))
                if count == 0:
                    raise InvalidInput("a group needs at least one of its members, not 0")
        self.groups[name] = Group(count, tuple(members))

    def _new(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise InvalidInput(f"the name {shown(name)} is taken")

    def _defined(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise InvalidInput(f"no witness or group {shown(name)} is defined before this line")

    @staticmethod
    def _unused_public(key: VerifierKey, members: Mapping[str, Member]) -> None:
        for other in members.values():
            if other.key.public == key.public:
                raise InvalidInput(f"{shown(key.name)} has the same public key as {shown(other.key.name)}")


def _key(vkey: str, algorithm: int) -> VerifierKey:
    key = VerifierKey.parse(vkey)
    if key.algorithm != algorithm:
        raise InvalidInput(
            f"{shown(key.name)} has a key of type {key.algorithm:#04x} where {algorithm:#04x} is expected"
        )
    return key
