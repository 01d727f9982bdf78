"""The alerts that come with Graven. They tell nobody until somebody adds an address; each firing is an entry anyway."""

from typing import Final, Literal, NamedTuple

from graven.detect.rule import Alert, Silence, Threshold

__all__ = ["SHIPPED", "Shipped"]


class Shipped(NamedTuple):
    """`log`: set on `system`, or on each other log."""

    alert: Alert
    log: Literal["system", "each"]
    doc: str


SHIPPED: Final = (
    Shipped(
        Alert(
            name="denial-burst",
            query="outcome:denied",
            threshold=Threshold(count=10, window_s=60, by="actor"),
            severity="error",
        ),
        "each",
        "Somebody was denied ten times within a minute.",
    ),
    Shipped(
        Alert(
            name="token-created",
            query="action:token.create",
            threshold=Threshold(count=1, window_s=1),
            severity="info",
            cooldown_s=0,
        ),
        "system",
        "A token was made: whoever holds it may record or read.",
    ),
    Shipped(
        # one exec gives an audit event for each stage, and a websocket's verb is get, not create
        Alert(
            name="container-exec",
            query="action:k8s.pods.exec.*",
            threshold=Threshold(count=1, window_s=1, by="correlation"),
            severity="warning",
            cooldown_s=3600,
        ),
        "each",
        "Somebody ran a command inside a container (Kubernetes audit).",
    ),
    Shipped(
        Alert(name="recorder-silent", silence=Silence(window_s=86_400), severity="error", cooldown_s=0),
        "each",
        "Nothing was recorded for a day.",
    ),
    Shipped(
        Alert(
            name="verification-failed",
            query="action:incident.scrub_finding OR action:incident.scrub_could_not_check",
            threshold=Threshold(count=1, window_s=1, by="target"),
            severity="critical",
            cooldown_s=3600,
        ),
        "system",
        "The background verification found a log tampered with, or could not check it.",
    ),
    Shipped(
        Alert(name="result-changed", rule="result_changed", severity="error", cooldown_s=0),
        "each",
        "A test got another result after its run was closed.",
    ),
)
