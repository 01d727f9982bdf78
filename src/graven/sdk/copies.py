"""A secret in the forms in which copies of it turn up, and a recorder's memory of the secrets it has seen.

Which part of a taken text is the secret decides how much else is lost: the value under a telling name with its
words, but of a longer text only what the pattern matched. A copy is found in its own spelling, URL-encoded, as
hex, escaped as JSON and Python escape, in UTF-16, and as base64 of itself or inside a longer text (three
alignments). Compressed, encrypted and hashed copies cannot be found.
"""

import base64
import binascii
import json
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote_plus

from graven.event.redact import Finding, Redactor, Rule
from graven.event.redact.cards import CANDIDATE, is_card
from graven.event.redact.texts import BASIC

__all__ = ["LEAST", "Memory", "forms", "forms_of"]

LEAST: Final = 6
"""Characters: a shorter secret is likely to stand in innocent texts by chance."""

MOST_FORMS: Final = 512
"""Of one event."""

_REMEMBERED: Final = 768
_LEAST_REMEMBERED: Final = 8
_LONG: Final = 4096
_WORDS: Final = re.compile(r"[^\s;,=&\"']++(?!=[^\s;,=&])")  # a word before `=` is a name
_VALUE_END: Final = re.compile(r"[\s;,&\"'<>)\]}]|\Z")
_COOKIE_FACTS: Final = re.compile(
    r";\s*(?:(?:path|domain|expires|max-age|samesite|priority)=[^;]*|httponly|secure|partitioned)(?=\s*(?:;|\Z))",
    re.IGNORECASE,
)
_NOT_SECRET: Final = frozenset(
    {
        "access_token", "api_key", "apikey", "authorization", "aws4-hmac-sha256", "basic", "bearer", "cookie",
        "credential", "digest", "domain", "expires", "false", "httponly", "max-age", "negotiate", "passwd", "password",
        "samesite", "secret", "secure", "session", "set-cookie", "signature", "signedheaders", "strict", "token",
    }
)  # fmt: skip
"""Words that say how something is kept secret rather than the secret."""


class Memory:
    """The forms of secrets that a recorder has seen, so that copies in later events are taken too. Thread-safe.

    `learn` is for what is known to be secret; what `add` brings from an event has to be telling enough not to
    stand in other texts by chance, and is forgotten when newer ones need the room.
    """

    def __init__(self) -> None:
        self.known: frozenset[str] = frozenset()
        self.learnt: frozenset[str] = frozenset()
        self._learnt: dict[str, None] = {}
        self._seen: dict[str, None] = {}
        self._lock = threading.Lock()

    def learn(self, found: Iterable[str]) -> None:
        """Remember for good, as long as there is room."""
        self._take(found, self._learnt)

    def add(self, found: Iterable[str]) -> None:
        """Remember for a while."""
        self._take([form for form in found if _is_distinct(form)], self._seen)

    def _take(self, found: Iterable[str], into: dict[str, None]) -> None:
        new = [form for form in found if form not in self.known]
        if not new:
            return
        with self._lock:
            into.update(dict.fromkeys(new))
            while self._seen and len(self._learnt) + len(self._seen) > _REMEMBERED:
                del self._seen[next(iter(self._seen))]
            while len(self._learnt) > _REMEMBERED:
                self._learnt.popitem()
            self.learnt = frozenset(self._learnt)
            self.known = self.learnt | frozenset(self._seen)


def forms_of(redactor: Redactor, findings: Iterable[Finding]) -> frozenset[str]:
    """Every form of the secrets in what the rules took."""
    rules = {rule.name: rule for rule in redactor.rules}
    found: set[str] = set()
    for finding in findings:
        for text in _texts(finding.value):
            for word in _words(text, rules.get(finding.rule)):
                found |= forms(word)
        if len(found) > MOST_FORMS:
            break
    return frozenset(sorted(found, key=len, reverse=True)[:MOST_FORMS])


def forms(secret: str) -> set[str]:
    """The spellings of one secret that are long enough to be looked for; none for a word of everyday."""
    if len(secret) < LEAST or secret.lower() in _NOT_SECRET:
        return set()
    found = set()
    for plain in {secret, unquote_plus(secret)}:
        raw = plain.encode("utf-8", "backslashreplace")
        escaped = json.dumps(plain)[1:-1]
        found |= {plain, escaped, json.dumps(escaped)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1]}
        found |= {ascii(plain)[1:-1], raw.hex(), raw.hex().upper(), "\0".join(plain)}
        for encoded in (quote(plain, safe=""), quote(plain), quote_plus(plain)):
            found |= {encoded, re.sub("%..", _lower, encoded)}
        for data in (raw, plain.encode("utf-16-le", "backslashreplace")):
            found |= set(_base64_cores(data))
    found |= {password for password in [_basic_password(secret)] if password}
    return {form for form in found if len(form) >= LEAST}


def _lower(escape: "re.Match[str]") -> str:
    return escape.group().lower()


def _base64_cores(raw: bytes) -> Iterator[str]:
    """What base64 of a longer text that holds `raw` shows of it, wherever it begins."""
    for lead in range(3):
        encoded = base64.b64encode(b"\0" * lead + raw).decode().rstrip("=")
        whole = (len(raw) + lead) * 4 // 3  # the character after these mixes with what follows
        core = encoded[(0, 2, 3)[lead] : whole]
        if len(core) >= _LEAST_REMEMBERED:
            yield core
            yield core.replace("+", "-").replace("/", "_")


def _basic_password(word: str) -> str | None:
    """The password in base64 of `user:password`, as HTTP Basic sends it."""
    try:
        padded = word + "=" * (-len(word) % 4)  # the words of a header come without their padding
        plain = binascii.a2b_base64(padded.encode("ascii", "ignore")).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    _, colon, password = plain.partition(":")
    return password if colon and password.isprintable() else None


def _is_distinct(form: str) -> bool:
    return len(form) >= _LEAST_REMEMBERED and not (form.isalpha() and (form.islower() or form.isupper()))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)


def _words(text: str, rule: Rule | None) -> set[str]:
    """The secret in a text that `rule` took, or the words of it: `Bearer <token>`, `sid=<id>; theme=dark`."""
    if rule is not None and not rule.paths:
        return set(_matched(text, rule))
    text = _COOKIE_FACTS.sub("", text)
    return {text, *_WORDS.findall(text)} if len(text) <= _LONG else {text}


def _matched(text: str, rule: Rule) -> Iterator[str]:
    for pattern in rule.patterns:
        for match in re.finditer(pattern, text, re.IGNORECASE | re.ASCII):
            yield from _around(text, match)
    for detector in rule.detectors:
        if detector == "card_number":
            for match in CANDIDATE.finditer(text):
                digits = re.sub("[ -]", "", match.group())
                if is_card(digits):
                    yield from (match.group(), digits)
        else:
            yield from (match.group(1).rstrip("=") for match in BASIC.finditer(text))


def _around(text: str, match: "re.Match[str]") -> Iterator[str]:
    """The secret that a pattern found. Most patterns end with its first character."""
    start, end = match.span()
    found = match.group()
    if found.startswith("://"):
        yield found[3:-1].partition(":")[2]
    elif found.startswith("-----"):
        block = text[end:].partition("-----")[0]
        yield from (line.strip() for line in block.replace("\\n", "\n").splitlines() if len(line) >= 16)
    elif end - start >= 2 and found[-2] in "\"'":
        inside = re.match(rf"(?:\\.|(?!{found[-2]}).)*", text[end - 1 :], re.DOTALL)
        quoted = inside.group() if inside else ""
        yield quoted.rstrip("\\")
        with suppress(ValueError):
            yield json.loads(f'"{quoted}"')
    else:
        stop = _VALUE_END.search(text, end)
        yield from _WORDS.findall(text[start : stop.start() if stop else end])
        yield text[end - 1 : stop.start() if stop else end]
