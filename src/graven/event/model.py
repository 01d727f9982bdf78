"""The native event (`event/1`, DESIGN.md §3) as structs: names, types and bounds, nothing else.

`None` stands for absent; an explicit `null` is taken as absent too. Unknown members are refused at every
level but inside the free-form ones (`input`, `output`, `attributes`, `labels`, `change`, `flags`, `locals`, …).
The structs are what intake decodes into at full speed, so there is no per-event Python here: what a type
cannot say (the spelling of a time, forged markers, duplicate members) is checked in `validate` and `strictjson`.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

from graven.event.vocabulary import ActorType, Outcome

__all__ = [
    "MAX_ID_CHARS",
    "MAX_SOURCE_CHARS",
    "Actor",
    "Attachment",
    "Change",
    "ErrorInfo",
    "Event",
    "Frame",
    "Method",
    "Origin",
    "ProducerSeq",
    "Qa",
    "Target",
    "Trace",
]

MAX_ID_CHARS = 128
"""Characters (not bytes) of an event id."""

MAX_SOURCE_CHARS = 256
"""Characters of a source and of other names that are indexed as keys."""

_Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID_CHARS)]
_Name = Annotated[str, Meta(min_length=1, max_length=MAX_SOURCE_CHARS)]
_Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
_Severity = Annotated[int, Meta(ge=1, le=24)]


class _Part(Struct, gc=False, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Base of all parts. gc=False: events are trees, so reference counting alone frees them."""


class Actor(_Part):
    """Who did it."""

    id: Annotated[str, Meta(min_length=1, max_length=1024)]
    type: ActorType | None = None
    name: str | None = None
    email: str | None = None
    roles: list[str] | None = None
    session: str | None = None
    auth: str | None = None


class Change(_Part):
    """What a target looked like before and after; `patch` is RFC 6902."""

    before: Any = None
    after: Any = None
    patch: list[Any] | None = None


class Target(_Part):
    """What it was done to."""

    type: str | None = None
    id: str | None = None
    name: str | None = None
    attributes: Any = None
    change: Change | None = None


class Origin(_Part):
    """Where it came from."""

    ip: str | None = None
    user_agent: str | None = None
    host: str | None = None
    process: str | None = None


class Method(_Part):
    """How it was done."""

    protocol: str | None = None
    operation: str | None = None
    uri: str | None = None
    statement: str | None = None


class Frame(_Part):
    """One stack frame; `locals` maps names to any JSON."""

    file: str | None = None
    line: _Count | None = None
    function: str | None = None
    locals: dict[str, Any] | None = None


class ErrorInfo(_Part):
    """What went wrong."""

    type: str | None = None
    message: str | None = None
    stack: list[Frame] | None = None


class Qa(_Part):
    """The run and the test that an event belongs to."""

    run: str | None = None
    suite: str | None = None
    test: str | None = None
    attempt: _Count | None = None
    phase: str | None = None
    status: str | None = None
    commit: str | None = None
    tree: str | None = None
    branch: str | None = None
    build: str | None = None
    environment: str | None = None
    release: str | None = None
    seed: str | int | None = None
    config_digest: str | None = None
    flags: dict[str, Any] | None = None


class Trace(_Part):
    """W3C trace context identifiers, lower-case hex."""

    trace_id: str | None = None
    span_id: str | None = None
    parent_span_id: str | None = None


class ProducerSeq(_Part):
    """A counter per producer and epoch, so that loss before intake shows as a gap."""

    epoch: str | int
    seq: _Count


class Attachment(_Part):
    """A blob by digest (`sha256:<64 lower-case hex>`), put before the event that names it."""

    digest: Annotated[str, Meta(pattern=r"\Asha256:[0-9a-f]{64}\Z")]
    size: _Count
    name: str | None = None
    media_type: str | None = None


class Event(_Part):
    """One native event; only `action` and `actor` (with its `id`) are required."""

    action: _Name
    actor: Actor
    id: _Id | None = None
    time: str | None = None
    source: _Name | None = None
    outcome: Outcome | None = None
    on_behalf_of: list[Actor] | None = None
    targets: list[Target] | None = None
    origin: Origin | None = None
    method: Method | None = None
    input: Any = None
    output: Any = None
    error: ErrorInfo | None = None
    duration_ns: _Count | None = None
    severity: _Severity | None = None
    message: str | None = None
    reason: str | None = None
    ticket: str | None = None
    qa: Qa | None = None
    trace: Trace | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    session_id: str | None = None
    producer: ProducerSeq | None = None
    labels: dict[str, str] | None = None
    attributes: Any = None
    attachments: list[Attachment] | None = None
