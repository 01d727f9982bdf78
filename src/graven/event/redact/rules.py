"""Redaction rules: settings that say which values never reach the log.

A rule names values by *path* or by *pattern* on the decoded string. A path has steps separated by dots: a
member name (any ASCII case; `_` stands for an optional space, dash, dot or underscore; `*` for anything),
`*` for one member or list position, `**` for any number of them: `input.password`, `**.*api_key`.
Whatever is found, the whole value is replaced, also when the secret is only a part of a longer string:
a partly kept secret is a guessed one. `null`, booleans and empty strings stay.

`needles` and `hints` feed the byte scan that spares most events the slow path. They must over-approximate:
each value that the rule takes has one of the needles (ASCII, any case, separators ` -_.` ignored) in it, and
its raw JSON spelling matches one of the hints. A pattern rule with neither makes every event take the slow path.
"""

import re
from typing import Final, Literal

import msgspec

from graven.errors import UsageError
from graven.event.redact.markers import RULE_NAME

__all__ = ["FORGED", "Rule", "check_rule", "default_rules", "flatten"]

FORGED: Final = "forged-marker"
"""Rule name for a foreign event's own `$redacted` or `$sealed`, which the server replaces."""

FLAT: Final = b" -_."
"""Bytes that do not count in needles."""

_LOWER: Final = bytes(range(256)).lower()


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One rule. `values` bounds what a path takes: any value, no containers, or strings only."""

    name: str
    paths: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    detectors: tuple[Literal["card_number", "basic_credentials"], ...] = ()
    values: Literal["any", "scalar", "text"] = "any"
    needles: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


def flatten(raw: bytes) -> bytes:
    """ASCII lower case without separators: where needles are looked for."""
    return raw.translate(_LOWER, FLAT)


def check_rule(rule: Rule) -> None:
    """`UsageError` for a rule that could not work."""
    if RULE_NAME.fullmatch(rule.name) is None:
        raise UsageError(f"redaction rule {rule.name!r}: a name has lower-case letters, digits, '.', '_', '-'")
    if not (rule.paths or rule.patterns or rule.detectors):
        raise UsageError(f"redaction rule {rule.name}: it names neither a path nor a pattern")
    for path in rule.paths:
        steps = path.split(".")
        if not all(steps) or steps[-1] == "**" or any("**" in step and step != "**" for step in steps):
            raise UsageError(f"redaction rule {rule.name}: malformed path {path!r}", hint="for example **.password")
    for pattern in (*rule.patterns, *rule.hints):
        try:
            re.compile(pattern)
        except re.error as error:
            raise UsageError(f"redaction rule {rule.name}: malformed pattern {pattern!r}: {error}") from error
    if any(not flatten(needle.encode()) or not needle.isascii() for needle in rule.needles):
        raise UsageError(f"redaction rule {rule.name}: a needle is ASCII and not only separators")


_NAME_OF_SECRET = (
    r"(?:pass(?:word|wd|phrase)|pwd|secret|(?:api|private|secret|access|encryption|signing)[-_]?key"  # noqa: S105
    r"|(?:access|refresh|auth|session|id|api|bearer|csrf|xsrf)[-_]?token)"
)
_HOLLOW = (  # a placeholder, not a secret
    r"(?!(?:\?|%s|%\(\w+\)s|\$\d+|:\w+|\*+|x{3,}|none|null|nil|true|false|undefined|<[\w -]*>|\[\w+\]|\{\w*\})"
    r"(?:[\s,;&)\"']|\Z))"
)


def _leaf(*names: str) -> tuple[str, ...]:
    return tuple(f"**.{name}" for name in names)


def default_rules() -> tuple[Rule, ...]:
    """The rules that hold unless settings say otherwise.

    No rule has the name of a field that it takes, or markers would wake the byte scan.
    """
    return (
        Rule(
            name="password-field",
            paths=_leaf(
                "*password",
                "*passwd",
                "*passphrase",
                "pwd",
                "user_pwd",
                "password1",
                "password2",
                "*password_hash",
                "password_confirm*",
                "password_again",
                "password_repeat",
            ),
        ),
        Rule(name="secret-field", paths=_leaf("*secret"), values="scalar"),
        Rule(
            name="key-field",
            paths=_leaf(
                "*api_key", "*secret_key", "*secret_access_key", "*private_key", "*encryption_key", "*signing_key"
            ),
            values="scalar",
        ),
        Rule(
            name="token-field",
            paths=_leaf(
                "token",
                "*access_token",
                "*refresh_token",
                "id_token",
                "*auth_token",
                "*session_token",
                "*bearer_token",
                "*csrf_token",
                "*xsrf_token",
                "*api_token",
                "x_vault_token",
                "private_token",
            ),
            values="text",
        ),
        Rule(name="authorization-field", paths=_leaf("authorization", "proxy_authorization", "x_amz_security_token")),
        Rule(name="cookie-field", paths=_leaf("cookie", "cookies", "set_cookie")),
        Rule(
            name="card-field",
            paths=_leaf("*card_number", "credit_card", "cc_number", "cvv", "cvv2", "cvc", "cvc2"),
            values="scalar",
        ),
        Rule(
            name="secret-in-text",  # ?password=…, password='…', {"password":"…"} inside a longer string
            patterns=(
                r"[?&;](?:\w|[-.])*" + _NAME_OF_SECRET + r"=[^&\s]",
                r"[?&;](?:token|code_verifier|sig|signature|x-amz-(?:signature|security-token))=[^&\s]",
                _NAME_OF_SECRET + r"(?:[\"'\]]|%5d)?\s*=(?![=~])>?\s*[\"']?" + _HOLLOW + r"[^\s\"'&;,]",
                _NAME_OF_SECRET + r"\\*[\"']\s*:\s*\\*[\"']" + _HOLLOW + r"[^\"'\\]",
                _NAME_OF_SECRET + r"\\*[\"']\s*:\s*\d{4}",
                # password: hunter2, at the end of a line, with a digit: "Password: required" is no secret
                _NAME_OF_SECRET + r"\s*:[ \t]+(?=[^\s\d]*\d)[^\s\"',;(){}\[\]]{6,}[ \t]*(?:[\r\n]|\Z)",
                # JSON in a form: payload=%7B%22password%22%3A%22…
                _NAME_OF_SECRET + r"(?:%5c)*%2[27](?:%20|\+)*%3a(?:%20|\+)*(?:%5c)*%2[27](?!%2[27])\S",
                # multipart/form-data
                r"name=\"[^\"\r\n]*"
                + _NAME_OF_SECRET
                + r"\]?\"(?:;[^\r\n]*)?(?:\r?\n[^\r\n]+)*\r?\n\r?\n(?!--)[^\r\n]",
                # INSERT INTO users (name, password) VALUES ('alice', '…')
                r"\binto\s[^()]{1,200}\([^()]{0,4000}" + _NAME_OF_SECRET + r"[^()]{0,4000}\)\s*values\s*\([^()]*'[^']",
            ),
            needles=("passw", "passphrase", "pwd", "secret", "key", "token", "verifier=", "sig=", "signature="),
            hints=(
                r"(?:passw(?:or)?d|passphrase|pwd|secret|[a-z][-_]?key|token) *(?:[\\'=:%\],)`])",
                r"(?:verifier|sig|signature)=",
            ),
        ),
        Rule(
            name="credentials-in-text",
            patterns=(
                r"\A\s*bearer\s+(?!(?:tokens?|auth\w*)\s*\Z)\S{3,}\s*\Z",
                r"\bbearer\s+(?=[A-Za-z._~+/-]*\d)[A-Za-z0-9._~+/-]{8,}",
                (
                    r"authorization[\"']?\s*[:=]\s*[\"']?"
                    r"(?:bearer|basic|digest|negotiate|token|apikey|aws4-hmac-sha256)\s+\S"
                ),
                r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.",
                (
                    r"(?<![A-Za-z0-9])(?:grv_[a-z2-7]{12}_[0-9A-Za-z]{32}|gh[pousr]_[0-9A-Za-z]{36}"
                    r"|xox[abprs]-[0-9A-Za-z-]{10,}|[sr]k_live_[0-9A-Za-z]{16,}|glpat-[0-9A-Za-z_-]{20}"
                    r"|github_pat_[0-9A-Za-z_]{22,})"
                ),
            ),
            detectors=("basic_credentials",),
            needles=(
                "bearer",
                "authorization",
                "basic",
                "eyj",
                "grv",
                "ghp",
                "gho",
                "ghu",
                "ghs",
                "ghr",
                "xoxa",
                "xoxb",
                "xoxp",
                "xoxr",
                "xoxs",
                "klive",
                "glpat",
                "githubpat",
            ),
            hints=(
                r"bearer[ \\]",
                r"authorization[\\'=: ]",
                r"basic(?: |\\[nrtf])+[A-Za-z0-9+/\\]{6}",
                r"eyJ[A-Za-z0-9_-]{8,}\.eyJ",
                r"grv_[a-z2-7]{12}_",
                r"gh[pousr]_[0-9A-Za-z]{36}",
                r"xox[abprs]-[0-9A-Za-z-]{10}",
                r"[sr]k_live_[0-9A-Za-z]{16}",
                r"glpat-[0-9A-Za-z_-]{20}",
                r"github_pat_[0-9A-Za-z_]{22}",
            ),
        ),
        Rule(
            name="cookie-in-text",
            patterns=(r"(?:\A|[\s\"'])(?:set-)?cookie[\"']?\s*:\s*[\"']?[^\s=;,]+=[^\s;]",),
            needles=("cookie",),
            hints=(r"cookie[\\': ]",),
        ),
        Rule(
            name="private-key-block",
            patterns=(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----",),
            needles=("privatekey",),
            hints=(r"PRIVATE KEY",),
        ),
        Rule(
            name="url-userinfo",  # postgres://user:password@host
            patterns=(r"://[^/\s:@\"]*:[^/\s@\"]+@",),
            needles=("@",),
            hints=(r":\\?/\\?/[^/\"]*@",),
        ),
        Rule(
            name="payment-card",
            detectors=("card_number",),  # the scan finds ungrouped digits itself
            hints=(r"[2-6]\d{3}[ -]\d{4}[ -]\d{4}[ -]\d{4}", r"3\d{3}[ -]\d{6}[ -]\d{4}"),
        ),
    )
