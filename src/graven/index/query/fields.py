"""The fields that a query may name, and where each is found in an event and in the columns of a segment.

A field's `source` is a path in the *view* of an entry (see `query.view`): a JSON object with `index`, `received` (Unix
ns), `token`, `by_ip`, `id`, `source`, `format`, `redacted`, and `event`, the entry's data as event/1. One list of
fields makes the parser, the columns, the completion and the reference page, so that none of them can name what another
does not know.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

__all__ = ["BY_NAME", "FACETS", "FIELDS", "KEYS", "TEXT", "Field", "Kind"]

Kind = Literal["keyword", "number", "time", "duration", "text", "map", "json"]
"""`keyword`: compared as a whole, case matters. `number`; `time` (Unix ns); `duration` (ns). `text`: searched by words.
`map`: the rest of the name is one key of an object of strings. `json`: the rest of the name is a path."""


class Field(NamedTuple):
    """One field. `column` is its name in segments; `stored` says how fast it answers: `facet` (its values are
    enumerated), `key` (hashed), `column` (scanned)."""

    name: str
    kind: Kind
    column: str
    source: tuple[str, ...]
    doc: str
    aliases: tuple[str, ...] = ()
    stored: Literal["facet", "key", "column"] = "column"
    many: bool = False
    """An event may have several values: the source passes through a list, or there are two spellings of one."""


def _facet(name: str, source: str, doc: str, *aliases: str) -> Field:
    return Field(name, "keyword", name.replace(".", "_"), tuple(source.split(".")), doc, aliases, "facet")


def _key(name: str, source: str, doc: str, *aliases: str, many: bool = False) -> Field:
    return Field(name, "keyword", name.replace(".", "_"), tuple(source.split(".")), doc, aliases, "key", many)


def _plain(name: str, kind: Kind, source: str, doc: str, *aliases: str) -> Field:
    return Field(name, kind, name.replace(".", "_"), tuple(source.split(".")) if source else (), doc, aliases)


def _many(name: str, source: str, doc: str, *aliases: str) -> Field:
    return _plain(name, "keyword", source, doc, *aliases)._replace(many=True)


TEXT: Final = Field("text", "text", "text", (), "everything that is said in an event; words without a field search it")

FIELDS: Final = (
    # -- the entry
    _plain("index", "number", "index", "log index"),
    _plain("received", "time", "received", "when the server took it"),
    _plain("time", "time", "event.time", "when it happened, as its producer claims", "claimed"),
    _plain("backdated", "duration", "", "received minus time: how far the claim lies before the proof"),
    _key("id", "id", "id of the event"),
    _facet("source", "source", "the producing system"),
    _facet("format", "format", "format that the entry was recorded in"),
    _facet("token", "token", "id of the token that recorded it"),
    _plain("by.ip", "keyword", "by_ip", "address that it was recorded from"),
    _plain("redacted", "number", "redacted", "values that were redacted"),
    # -- who did what, and how it went
    _facet("action", "event.action", "what was done"),
    _facet("outcome", "event.outcome", "success, failure, denied, error or unknown"),
    _facet("actor", "event.actor.id", "who", "actor.id"),
    _facet("actor.type", "event.actor.type", "user, service, agent, ci, test, system or anonymous"),
    _plain("actor.name", "keyword", "event.actor.name", "name of the actor"),
    _plain("actor.email", "keyword", "event.actor.email", "address of the actor"),
    _many("behalf", "event.on_behalf_of.id", "for whom", "on_behalf_of"),
    _key("target", "event.targets", "to what: its id, or type/id", "target.id", many=True),
    _many("target.type", "event.targets.type", "kind of the target"),
    _many("target.name", "event.targets.name", "name of the target"),
    # -- where from and how
    _plain("ip", "keyword", "event.origin.ip", "address that the action came from", "origin.ip"),
    _facet("host", "event.origin.host", "host that it came from", "origin.host"),
    _plain("user_agent", "keyword", "event.origin.user_agent", "program that it came from", "origin.user_agent"),
    _plain("process", "keyword", "event.origin.process", "process that it came from", "origin.process"),
    _facet("protocol", "event.method.protocol", "how: http, sql, …", "method.protocol"),
    _facet("operation", "event.method.operation", "how: GET, SELECT, …", "method.operation", "method"),
    _plain("uri", "keyword", "event.method.uri", "how: the address called", "method.uri"),
    _plain("statement", "text", "event.method.statement", "how: the statement", "method.statement"),
    # -- what went wrong, and what was said
    _facet("error", "event.error.type", "type of the error", "error.type"),
    _plain("error.message", "text", "event.error.message", "message of the error"),
    _plain("message", "text", "event.message", "what was said"),
    _plain("reason", "text", "event.reason", "why it was done"),
    _plain("ticket", "keyword", "event.ticket", "the ticket it was done for"),
    _plain("duration", "duration", "event.duration_ns", "how long it took; as JSON and in a CSV: nanoseconds"),
    _plain("severity", "number", "event.severity", "1 to 24, as OpenTelemetry numbers them"),
    # -- tests
    _facet("run", "event.qa.run", "test run", "qa.run"),
    _facet("suite", "event.qa.suite", "test suite", "qa.suite"),
    _facet("test", "event.qa.test", "test", "qa.test"),
    _plain("attempt", "number", "event.qa.attempt", "attempt at the test", "qa.attempt"),
    _facet("phase", "event.qa.phase", "setup, call or teardown", "qa.phase"),
    _facet("status", "event.qa.status", "passed, failed, skipped, …", "qa.status"),
    _facet("env", "event.qa.environment", "environment of the test", "environment", "qa.environment"),
    _facet("commit", "event.qa.commit", "commit under test", "qa.commit"),
    _plain("tree", "keyword", "event.qa.tree", "tree under test", "qa.tree"),
    _facet("branch", "event.qa.branch", "branch under test", "qa.branch"),
    _facet("build", "event.qa.build", "build under test", "qa.build"),
    _facet("release", "event.qa.release", "release under test", "qa.release"),
    # -- what belongs together
    _key("trace", "event.trace.trace_id", "W3C trace", "trace_id"),
    _key("span", "event.trace.span_id", "W3C span", "span_id"),
    _plain("parent", "keyword", "event.trace.parent_span_id", "W3C parent span", "parent_span_id"),
    _key("correlation", "event.correlation_id", "correlation id", "correlation_id"),
    _key("causation", "event.causation_id", "id of the event that caused it", "causation_id"),
    _key("session", "event.session_id", "session: of the event, or of its actor", "session_id", many=True),
    # -- free form
    Field("labels", "map", "labels", ("event", "labels"), "a label: labels.team:qa", ("label",)),
    Field("attributes", "json", "attributes", ("event", "attributes"), "a path: attributes.retries>2", ("attribute",)),
    Field("input", "json", "input", ("event", "input"), "a path: input.lines[].sku:SKU-00047"),
    Field("output", "json", "output", ("event", "output"), "a path: output.status>=500"),
    TEXT,
)  # fmt: skip

FACETS: Final = tuple(field for field in FIELDS if field.stored == "facet")
"""Fields whose values are enumerated in every segment: they answer facets, stacks and wildcards without a scan."""

KEYS: Final = tuple(field for field in FIELDS if field.stored == "key")
"""Fields of nearly unique values: a lookup is a search in sorted hashes."""

BY_NAME: Final[Mapping[str, Field]] = {
    **{alias: field for field in FIELDS for alias in field.aliases},
    **{field.name: field for field in FIELDS},
}
