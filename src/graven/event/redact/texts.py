"""Which rule, if any, takes a text: patterns and detectors, behind needles that spare most texts the patterns."""

import binascii
import re
from collections.abc import Sequence
from typing import Final

from graven.event.redact.cards import contains_card
from graven.event.redact.needles import Needles
from graven.event.redact.rules import Rule, flatten

__all__ = ["BASIC", "TextRules"]

_REMEMBERED_CHARS: Final = 256
_MOST_VERDICTS: Final = 10_000
BASIC: Final = re.compile(r"\bbasic[ \t\n\r\f]+([A-Za-z0-9+/]{6,}={0,2})", re.IGNORECASE | re.ASCII)
"""What may be credentials of HTTP Basic; the group is base64 of `user:password`, if it is."""


class TextRules:
    """The rules among `rules` (each with its bit) that look into texts. Thread-safe.

    `remember` keeps the verdicts on short texts, for a producer whose events say the same things over and over.
    """

    def __init__(self, rules: Sequence[tuple[Rule, int]], *, remember: bool) -> None:
        self._entries = [
            (re.compile("|".join(rule.patterns), re.IGNORECASE | re.ASCII) if rule.patterns else None, rule, bit)
            for rule, bit in rules
            if rule.patterns or rule.detectors
        ]
        self._cards_alone = sum(bit for rule, bit in rules if rule.detectors == ("card_number",) and not rule.patterns)
        needles: dict[bytes, int] = {}
        self._always = 0
        for _, rule, bit in self._entries:
            if not rule.needles:
                self._always |= bit
            for needle in rule.needles:
                flat = flatten(needle.encode())
                needles[flat] = needles.get(flat, 0) | bit
        self._needles = Needles(needles)
        self._verdicts: dict[str, str | None] | None = {} if remember else None

    def named(self, rules: int) -> bool:
        """Whether any of the rules with these bits looks into texts."""
        return any(rules & bit for _, _, bit in self._entries)

    def card_rule(self, rules: int) -> str | None:
        """The name of the first rule with these bits that takes card numbers."""
        return next(
            (rule.name for _, rule, bit in self._entries if rules & bit and "card_number" in rule.detectors), None
        )

    def remembered(self, text: str) -> str | None:
        """`search` with all rules; a short text is searched once."""
        verdicts = self._verdicts
        if verdicts is None or len(text) > _REMEMBERED_CHARS:
            return self.search(text, -1)
        try:
            return verdicts[text]
        except KeyError:
            if len(verdicts) >= _MOST_VERDICTS:
                verdicts.clear()
            rule = verdicts[text] = self.search(text, -1)
            return rule

    def known(self, text: str) -> bool:
        """Whether the text was found to be taken by no rule, and that was remembered."""
        return self._verdicts is not None and self._verdicts.get(text, "") is None

    def none_taken(self, texts: Sequence[str]) -> bool:
        """Whether no rule takes any of the texts: most often one look at all of them together tells."""
        together = "\n".join(texts)
        wanted = self._suspects(together)
        if wanted & ~self._cards_alone or (wanted and contains_card(together)):
            return all(self.remembered(text) is None for text in texts)
        verdicts = self._verdicts
        if verdicts is not None:
            if len(verdicts) + len(texts) > _MOST_VERDICTS:
                verdicts.clear()
            verdicts.update((text, None) for text in texts if len(text) <= _REMEMBERED_CHARS)
        return True

    def search(self, text: str, rules: int) -> str | None:
        """The name of the first of the rules with these bits that takes the text."""
        wanted = self._suspects(text) & rules
        if not wanted:
            return None
        for pattern, rule, bit in self._entries:
            if not wanted & bit:
                continue
            if pattern is not None and pattern.search(text) is not None:
                return rule.name
            for detector in rule.detectors:
                if (contains_card if detector == "card_number" else _basic_credentials)(text):
                    return rule.name
        return None

    def _suspects(self, text: str) -> int:
        """Bits of the rules that may take the text: each value a rule takes has one of its needles in it."""
        return self._always | self._needles.found(flatten(text.encode("utf-8", "surrogatepass")))


def _basic_credentials(text: str) -> bool:
    """Whether `Basic <base64 of user:password>` stands in a text (RFC 7617)."""
    for match in BASIC.finditer(text):
        encoded = match.group(1).rstrip("=")
        try:
            plain = binascii.a2b_base64(encoded + "=" * (-len(encoded) % 4))
        except binascii.Error:
            continue
        if b":" in plain and plain.isascii() and plain.decode("ascii").isprintable():
            return True
    return False
