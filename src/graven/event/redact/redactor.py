"""Redaction itself: find what the rules take, replace it, keep equality provable.

One walk over decoded values serves both sides. The producer (SDK, recorders) replaces values in Python
objects before anything touches a disk; the server replaces the byte spans of exactly those values and leaves
every other byte as received. The HMAC-SHA-256 over the value's RFC 8785 form shows that two redacted values
are equal without showing either.

Never redacted, because the envelope or the index repeats them: `id`, `time`, `source`, `action`, `outcome`,
`producer`, `trace`, `attachments` and the ids `correlation_id`, `causation_id`, `session_id` of an event.
Member *names* are not redacted: a secret used as a name stays.
"""

import hashlib
import hmac
import threading
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from graven.errors import UsageError
from graven.event.jcs import canonical
from graven.event.redact.cards import is_card
from graven.event.redact.markers import KEY_ID, is_marker, marker
from graven.event.redact.paths import CompiledPath
from graven.event.redact.prefilter import ALL_RULES, Prefilter
from graven.event.redact.rules import Rule, check_rule, default_rules
from graven.event.redact.texts import TextRules
from graven.event.spans import locate, splice

__all__ = ["IDENTITY_FIELDS", "Finding", "Redactor"]

IDENTITY_FIELDS: Final = frozenset(
    {
        "action", "attachments", "causation_id", "correlation_id", "duration_ns", "id", "outcome", "producer",
        "session_id", "severity", "source", "time", "trace",
    }
)  # fmt: skip

Place = tuple[str | int, ...]
_CACHED_NAMES: Final = 10_000
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode


class Finding(NamedTuple):
    """A value to be replaced: where it is, which rule takes it, what it is."""

    place: Place
    rule: str
    value: Any


class Redactor:
    """Compiled rules with the HMAC key of this side (at least 16 bytes), or none for a producer without one.

    `remember` keeps the verdicts on short texts, for a producer whose events say the same things over and over.
    Thread-safe. `UsageError` for rules that could not work. `redact_bytes` needs the key.
    """

    def __init__(
        self,
        rules: Sequence[Rule] | None = None,
        key_id: str | None = None,
        key: bytes | None = None,
        *,
        fast_scan: bool = True,
        remember: bool = False,
    ) -> None:
        self.rules = tuple(default_rules() if rules is None else rules)
        for rule in self.rules:
            check_rule(rule)
        if (key_id is None) != (key is None):
            raise UsageError("a redaction key needs an id, and an id needs a key")
        if key_id is not None and KEY_ID.fullmatch(key_id) is None:
            raise UsageError(f"malformed redaction key id {key_id!r}")
        if key is not None and len(key) < 16:
            raise UsageError(f"a redaction key has at least 16 bytes, not {len(key)}")
        self._key_id = key_id
        self._key = key
        self._fast_scan = fast_scan
        self._prefilter: Prefilter | None = None
        self._compiling = threading.Lock()
        bits = [(rule, 1 << number) for number, rule in enumerate(self.rules)]
        self._paths = [(CompiledPath(path), rule, bit) for rule, bit in bits for path in rule.paths]
        self._by_name: dict[str | int, list[tuple[CompiledPath, Rule, int]]] = {}
        self.texts = TextRules(bits, remember=remember)
        # only a path that ends in `*` can take a list element by its place
        self.takes_positions = any(path.steps[-1] == "*" for path, _, _ in self._paths)

    @property
    def prefilter(self) -> Prefilter:
        """The byte scan of these rules, compiled on first use (half a second with hyperscan)."""
        if self._prefilter is None:
            with self._compiling:
                if self._prefilter is None:
                    self._prefilter = Prefilter(self.rules, fast=self._fast_scan)
        return self._prefilter

    def digest(self, value: Any) -> str | None:
        """`<key id>:<hex HMAC-SHA-256 of the canonical value>`, or None without a key."""
        if self._key is None or self._key_id is None:
            return None
        return f"{self._key_id}:{hmac.new(self._key, canonical(value), hashlib.sha256).hexdigest()}"

    def find(self, value: Any, *, event: bool = False, rules: int = ALL_RULES) -> list[Finding]:
        """What the rules take in a decoded value, outermost only; markers are left alone.

        `event`: the value is an event/1, whose identity fields are exempt. `rules`: bits of the rules to
        look with, from `Prefilter.suspects`.
        """
        walk = _Walk(self, rules)
        if event and isinstance(value, dict):
            for name, member in value.items():
                if name not in IDENTITY_FIELDS:
                    walk.member((), name, member)
        else:
            walk.value((), value)
        return walk.found

    def redact_value(self, value: Any, *, event: bool = False) -> Any:
        """A copy of a Python object with what the rules take replaced, said to be `by` the producer."""
        return self.replace(value, self.find(value, event=event))

    def replace(self, value: Any, findings: Iterable[Finding]) -> Any:
        """The same for values that were found before, none of them inside of another."""
        for place, rule, secret in findings:
            try:
                digest = self.digest(secret)
            except TypeError:  # not JSON (a set, bytes): no canonical form, so nothing to compare
                digest = None
            value = _replaced(value, place, marker("producer", rule, digest))
        return value

    def redact_bytes(
        self, data: bytes, *, event: bool = False, rules: int = ALL_RULES, also: Iterable[tuple[Place, str]] = ()
    ) -> tuple[bytes, int]:
        """Replace spans in valid strict JSON; gives the new bytes and the number of values replaced.

        `also` names further (place, rule) that the caller decided on; the outermost of all wins.
        """
        wanted = dict(also)
        forced = {at: rule for at, rule in wanted.items() if not any(at[:n] in wanted for n in range(len(at)))}
        root = _decode(data)
        findings = [
            (place, rule)
            for place, rule, _ in self.find(root, event=event, rules=rules)
            if not any(place[:length] in forced for length in range(len(place) + 1))
        ]
        findings += forced.items()
        if not findings:
            return data, 0
        if self._key is None:
            raise UsageError("the server redacts with a key: none was given")
        spans = locate(data, [place for place, _ in findings])
        replacements = [
            (*spans[place], _encode(marker("server", rule, self.digest(_decode(data[slice(*spans[place])])))))
            for place, rule in findings
        ]
        return splice(data, replacements), len(replacements)

    def candidates(self, name: str | int) -> list[tuple[CompiledPath, Rule, int]]:
        """The paths that end in `name`, with their rules and bits."""
        known = self._by_name.get(name)
        if known is None:
            if len(self._by_name) >= _CACHED_NAMES:
                self._by_name.clear()
            known = [entry for entry in self._paths if entry[0].may_end_with(name)]
            self._by_name[name] = known
        return known


class _Walk:
    """One search through one value."""

    def __init__(self, redactor: Redactor, rules: int) -> None:
        self.found: list[Finding] = []
        self._candidates = redactor.candidates
        self._rules = rules
        self._texts = redactor.texts
        self._looks_into_texts = redactor.texts.named(rules)
        self._cards = redactor.texts.card_rule(rules)
        self._positions = redactor.takes_positions

    def member(self, parent: Place, name: str | int, value: Any) -> None:
        if value is None or value is True or value is False or value == "":
            return
        if self._candidates(name) and not is_marker(value):
            place = (*parent, name)
            rule = self._rule_for_place(place, value)
            if rule is not None:
                self.found.append(Finding(place, rule, value))
                return
        if self._looks_into_texts or isinstance(value, (dict, list, tuple)):
            self.value((*parent, name), value)

    def value(self, place: Place, value: Any) -> None:
        if isinstance(value, str):
            rule = self._rule_for_text(value)
            if rule is not None:
                self.found.append(Finding(place, rule, value))
        elif isinstance(value, dict):
            if is_marker(value):
                return
            paired = "value" in value and self._paired(place, value)
            for name, member in value.items():
                if not paired or name != "value":
                    self.member(place, name, member)
        elif isinstance(value, (list, tuple)):
            self._elements(place, value)
        elif self._cards and isinstance(value, int) and 10**13 <= value < 10**16 and is_card(str(value)):
            self.found.append(Finding(place, self._cards, value))

    def _elements(self, place: Place, value: Sequence[Any]) -> None:
        if len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], str) and value[1]:
            rule = self._rule_for_place((*place, value[0]), value[1])  # ["authorization", "Bearer …"]
            if rule is not None:
                self.found.append(Finding((*place, 1), rule, value[1]))
                value = value[:1]
        option = ""
        for position, item in enumerate(value):
            secret, option = option, ""
            if type(item) is str:
                if secret and item and (rule := self._rule_for_place((*place, secret), item)) is not None:
                    self.found.append(Finding((*place, position), rule, item))
                    continue
                if item.startswith("-"):  # ["mysql", "--password", "…"]
                    option = item.lstrip("-")
            if self._positions:
                self.member(place, position, item)
            else:
                self.value((*place, position), item)

    def _paired(self, place: Place, value: dict[str, Any]) -> bool:
        """{"name":"Authorization","value":"…"}, as HTTP archives spell headers and cookies."""
        secret = value.get("value")
        if not isinstance(secret, str) or not secret:
            return False
        name = value.get("name", value.get("key"))
        rule = self._rule_for_place((*place, name), secret) if isinstance(name, str) else None
        if rule is not None:
            self.found.append(Finding((*place, "value"), rule, secret))
        return rule is not None

    def _rule_for_place(self, place: Place, value: Any) -> str | None:
        for path, rule, bit in self._candidates(place[-1]):
            if self._rules & bit and _taken(rule, value) and path.matches(place):
                return rule.name
        return None

    def _rule_for_text(self, text: str) -> str | None:
        return self._texts.remembered(text) if self._rules == ALL_RULES else self._texts.search(text, self._rules)


def _taken(rule: Rule, value: Any) -> bool:
    match rule.values:
        case "any":
            return True
        case "scalar":
            return not isinstance(value, (dict, list, tuple))
        case "text":
            return isinstance(value, str)


def _replaced(value: Any, place: Place, new: Any) -> Any:
    if not place:
        return new
    step, *rest = place
    if isinstance(value, dict):
        return {**value, step: _replaced(value[step], tuple(rest), new)}
    items = list(value)
    items[step] = _replaced(items[step], tuple(rest), new)  # type: ignore[index]
    return items
