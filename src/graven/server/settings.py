"""The settings of `graven serve`: one typed tree, and where each value came from.

Order of precedence: flag > environment (`GRAVEN_LIMITS_BODY_BYTES`) > TOML file > default. A value is
addressed by its dotted name (`limits.body_bytes`). Unknown names are refused, with a suggestion, in flags
and files, and in the environment within our sections (`GRAVEN_LIMITS_…`); any other unknown `GRAVEN_…`
variable may be meant for a later version or another program, so `unknown_variables` only warns of it.
"""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from graven.errors import UsageError

__all__ = [
    "CLIENT_VARIABLES",
    "AccessSettings",
    "LimitSettings",
    "LoadedSettings",
    "RedactionSettings",
    "Settings",
    "TlsSettings",
    "VerificationSettings",
    "load_settings",
    "setting_names",
    "unknown_variables",
]

CLIENT_VARIABLES = frozenset(
    f"GRAVEN_{name}"
    for name in (
        *("CONFIG", "DATA", "DEBUG", "LOG", "SERVER", "SOURCE", "SPOOL", "TOKEN"),
        *("ENVIRONMENT", "RELEASE", "RUN", "SHARD"),  # the pytest recorder's
    )
)
"""Variables that commands and the SDK read, beside the settings."""

MIB = 1024 * 1024
Positive = Annotated[int, msgspec.Meta(ge=1)]
PositiveSeconds = Annotated[float, msgspec.Meta(gt=0)]


class TlsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    cert: str | None = None
    """PEM file with the certificate chain of the server."""
    key: str | None = None
    """PEM file with its private key."""


class AccessSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    auth: bool = True
    """Ask for a token. False is refused, on loopback too, unless `insecure_no_auth` says it in words."""
    public_logs: list[str] = []
    """Logs whose tiles, checkpoint and key are served without a token."""
    public_metrics: bool = False
    """Serve `/metrics` without a token."""
    insecure_no_auth: bool = False
    """With `auth` false: yes, run without authentication; whoever reaches the port may record and read."""
    insecure_no_tls: bool = False
    """Yes, listen beyond loopback without TLS: tokens and events cross the network readable."""


class LimitSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    body_bytes: Positive = 16 * MIB
    """Largest request body, as sent and as decompressed; above it 413."""
    blob_bytes: Positive = 256 * MIB
    """Largest blob of `PUT /v1/blobs`, which is streamed to disk."""
    events: Positive = 100_000
    """Most events in one request; above it 413."""
    in_flight_bytes: Positive = 128 * MIB
    """Bytes of requests held at once, decompressed and prepared events included; above it 429."""
    parsers: Annotated[int, msgspec.Meta(ge=0, le=64)] | None = None
    """Processes that parse large bodies, started when the first comes (Linux); 0 parses in the server itself.
    By default one for each core but one, at least one and at most four."""
    connections: Positive = 4096
    """Open connections; above it new ones are closed."""
    header_timeout_s: PositiveSeconds = 10.0
    """From the first byte of a request, or the opening of a connection, to the end of its headers."""
    idle_timeout_s: PositiveSeconds = 75.0
    """A kept-alive connection without a request."""
    body_grace_s: PositiveSeconds = 10.0
    """The window in which a request body must keep its minimum rate; also the longest pause in a body."""
    body_bytes_per_s: Positive = 16 * 1024
    """Minimum rate of a request body, in every window of `body_grace_s`."""
    write_timeout_s: PositiveSeconds = 30.0
    """A client that takes nothing of its answer for this long is cut off."""
    publish_wait_s: PositiveSeconds = 5.0
    """How long `?wait=published` waits before it answers 202."""
    stop_timeout_s: PositiveSeconds = 30.0
    """How long a graceful stop waits for requests under way."""


class VerificationSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    interval_s: Annotated[float, msgspec.Meta(ge=0)] = 86_400.0
    """One background pass over every log in this time; 0 switches it off."""
    entries_per_s: Positive = 2_000
    """Rate of a background pass; it is higher only when a pass would not fit in the interval otherwise."""


class IndexSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    enabled: bool = True
    """Run the index process; without it nothing can be searched, and everything else works."""
    query_timeout_s: PositiveSeconds = 10.0
    """How long one question to the index may take; beyond it 504."""


class AlertSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    enabled: bool = True
    """Watch the logs for alerts, and send what fires."""
    link: str = ""
    """Address of this server as people reach it, for the links in messages; where it listens otherwise."""
    allow_local: bool = False
    """Let webhooks go to loopback, link-local and metadata addresses: whoever sets alerts could reach what is there."""
    mail_host: str | None = None
    """The mail server that takes alerts for `mailto:` addresses; none, and they fail."""
    mail_port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 587
    """Its port."""
    mail_security: Literal["starttls", "tls", "none"] = "starttls"
    """`starttls` refuses to go on in the clear; `tls` from the first byte (port 465)."""
    mail_sender: str = "graven@localhost"
    """Address in `From`, and of the envelope."""
    mail_username: str | None = None
    """Name to log in with at the mail server."""
    mail_password_file: str | None = None
    """File with the password; settings are on record, so the password itself must not be one."""
    mail_ca_file: str | None = None
    """PEM file of the authorities that vouch for the mail server; those of the system otherwise."""


class RedactionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    defaults: bool = True
    """Use the built-in rules (passwords, bearer tokens, private keys, card numbers, bodies of secrets)."""
    rules: list[dict[str, Any]] = []
    """Further rules; each a table as `graven.event.redact.Rule` describes."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    data: str = "graven-data"
    """The data directory, created at the first start."""
    listen: str = "127.0.0.1:8470"
    """HOST:PORT; port 0 takes a free one."""
    origin: str | None = None
    """Origin of the log `default` when it is created; a random one under graven.local otherwise."""
    anchor: list[str] = []
    """Paths or URLs to which each published checkpoint is copied."""
    tls: TlsSettings = TlsSettings()
    access: AccessSettings = AccessSettings()
    limits: LimitSettings = LimitSettings()
    verification: VerificationSettings = VerificationSettings()
    index: IndexSettings = IndexSettings()
    alerts: AlertSettings = AlertSettings()
    redaction: RedactionSettings = RedactionSettings()


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings with the origin of each dotted name: `flag`, `environment GRAVEN_…`, `file …`, `default`."""

    settings: Settings
    origins: Mapping[str, str]


def setting_names(kind: type[msgspec.Struct] = Settings, prefix: str = "") -> list[str]:
    """All dotted names, in the order of the tree."""
    names: list[str] = []
    for field in msgspec.structs.fields(kind):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            names += setting_names(field.type, f"{prefix}{field.name}.")
        else:
            names.append(prefix + field.name)
    return names


def load_settings(
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    file: Path | None = None,
) -> LoadedSettings:
    """Merge the four sources; UsageError on an unknown name, a wrong type or an unreadable file.

    `flags` maps dotted names to values; None means that the flag was not given.
    """
    names = setting_names()
    values: dict[str, Any] = {}
    origins = dict.fromkeys(names, "default")
    if file is not None:
        for name, value in _flatten(_read_toml(file), names).items():
            values[name], origins[name] = value, f"file {file}"
    for variable, name in _environment_names(environ, names).items():
        value = environ[variable]
        values[name], origins[name] = (_split(value) if _is_list(name) else value), f"environment {variable}"
    for name, value in flags.items():
        if name not in origins:
            raise _unknown(name, names, "flag")
        if value is not None:
            values[name], origins[name] = value, "flag"
    try:
        settings = msgspec.convert(_nest(values), Settings, strict=False)
    except msgspec.ValidationError as error:
        raise _wrong_value(error, origins) from error
    return LoadedSettings(settings, origins)


def _wrong_value(error: msgspec.ValidationError, origins: Mapping[str, str]) -> UsageError:
    text, _, place = str(error).partition(" - at `$.")
    name = place.rstrip("`").partition("[")[0]
    where = f" ({origins[name]})" if name in origins else ""
    return UsageError(f"setting {name}{where}: {text[:1].lower()}{text[1:]}", code="invalid_setting")


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            return tomllib.load(stream)
    except OSError as error:
        raise UsageError(f"the settings file {file} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the settings file {file} is not TOML: {error}", code="invalid_setting") from error


def _flatten(tree: Mapping[str, Any], names: list[str], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        name = prefix + key
        if name in names:
            flat[name] = value
        elif isinstance(value, dict) and any(known.startswith(name + ".") for known in names):
            flat |= _flatten(value, names, name + ".")
        else:
            raise _unknown(name, names, "settings file")
    return flat


def _environment_names(environ: Mapping[str, str], names: list[str]) -> dict[str, str]:
    """Variable → dotted name. Variables of the clients (`GRAVEN_TOKEN`) are not ours to judge, but one
    that is nearly a setting, or lies in one of our sections, is a slip that must not pass silently."""
    spelt = {"GRAVEN_" + name.replace(".", "_").upper(): name for name in names}
    sections = tuple("GRAVEN_" + name.partition(".")[0].upper() + "_" for name in names if "." in name)
    found: dict[str, str] = {}
    for variable in environ:
        if variable in spelt:
            found[variable] = spelt[variable]
        elif variable.startswith(sections):
            raise _unknown(variable, list(spelt), "environment")
    return found


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """A line for each `GRAVEN_…` variable that is neither a setting nor a client's."""
    known = sorted(["GRAVEN_" + name.replace(".", "_").upper() for name in setting_names()] + [*CLIENT_VARIABLES])
    lines = []
    for variable in sorted(environ):
        if variable.startswith("GRAVEN_") and variable not in known:
            close = difflib.get_close_matches(variable, known, n=1)
            lines.append(f"the variable {variable} is not known" + (f" (did you mean {close[0]}?)" if close else ""))
    return lines


def _unknown(name: str, known: list[str], where: str) -> UsageError:
    close = difflib.get_close_matches(name, known, n=1)
    return UsageError(
        f"unknown setting {name} in the {where}",
        hint=f"did you mean {close[0]}?" if close else "`graven doctor` lists all settings",
        code="unknown_setting",
    )


def _is_list(name: str) -> bool:
    return name in {"access.public_logs", "anchor"}


def _split(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *path, last = name.split(".")
        node = tree
        for part in path:
            node = node.setdefault(part, {})
        node[last] = value
    return tree
