"""Prometheus metrics, in a registry of the server's own. Names start with `graven_`."""

from collections.abc import Callable, Iterable
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

__all__ = ["Metrics", "Observed"]

_SECONDS = (0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1, 2, 4, 8)

_LOG_HELP = {
    "size": "Committed entries.",
    "published_size": "Entries of the published checkpoint.",
    "queued_bytes": "Bytes that wait for the writer.",
    "pending_bytes": "Committed bytes that wait for integration.",
    "journal_bytes": "Bytes of the retained journal.",
    "keyed_requests": "Kept answers to requests with an Idempotency-Key.",
    "indexed": "Entries that search knows.",
    "index_lag": "Entries that are committed and not indexed yet.",
    "index_lag_s": "Seconds for which not everything was indexed.",
    "restarts": "Times the writer was reopened from disk.",
    "stopped": "1 while nothing can be appended.",
    "verification_findings": "Findings of background passes over the log since the start.",
    "verified_time_seconds": "Unix time at which the last background pass over the log ended.",
    "alert_deliveries_waiting": "Deliveries of alerts of the log that wait to be sent.",
    "alert_deliveries_failing": "Deliveries of alerts of the log that failed and wait to be sent again.",
}

_OF_NO_LOG: Final = frozenset({"graven_parser_deaths", "graven_index_deaths", "graven_index_away"})
"""What is about the process and tells nothing of what is in any log. Not among them: counts of refusals, bytes and
seconds, which are those of all logs together."""


class Observed(Protocol):
    """What is asked at each scrape."""

    def log_stats(self) -> Iterable[tuple[str, dict[str, float]]]:
        """(log name, `Log.stats()`)."""
        ...

    def counters(self) -> Iterable[tuple[str, str, dict[str, int]]]:
        """(metric, help, label value → count); the label is `kind`."""
        ...

    def gauges(self) -> Iterable[tuple[str, str, float]]:
        """(metric, help, value)."""
        ...


class _Collector:
    def __init__(self, observed: Observed) -> None:
        self._observed = observed

    def collect(self) -> Iterable[Metric]:
        stats = list(self._observed.log_stats())
        for name, text in _LOG_HELP.items():
            family = GaugeMetricFamily(f"graven_log_{name}", text, labels=["log"])
            for log, values in stats:
                if name in values:
                    family.add_metric([log], values[name])
            yield family
        for metric, text, counts in self._observed.counters():
            counter = CounterMetricFamily(metric, text, labels=["kind"])
            for kind, count in sorted(counts.items()):
                counter.add_metric([kind], count)
            yield counter
        for metric, text, value in self._observed.gauges():
            yield GaugeMetricFamily(metric, text, value=value)


class Metrics:
    """The counters of the request paths, plus whatever `observe` adds."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.events = Counter("graven_events", "New entries appended over HTTP.", ["log"], registry=self.registry)
        self.redacted = Counter("graven_redacted_values", "Values replaced at intake.", registry=self.registry)
        self.quarantined = Counter(
            "graven_quarantined_items", "Items kept in quarantine.", ["log"], registry=self.registry
        )
        self.refused = Counter("graven_refused_requests", "Refusals, by error code.", ["code"], registry=self.registry)
        self.append_seconds = Histogram(
            "graven_append_seconds",
            "From the end of an append's headers to its answer.",
            buckets=_SECONDS,
            registry=self.registry,
        )

    def observe(self, observed: Observed) -> None:
        """Ask `observed` at each scrape."""
        self.registry.register(_Collector(observed))

    def text(self, may_see: Callable[[str], bool] | None = None) -> bytes:
        """The exposition format; with `may_see`, only the samples of those logs, and what tells nothing of others."""
        if may_see is None:
            return generate_latest(self.registry)
        return generate_latest(_Seen(self.registry, may_see))


class _Seen(CollectorRegistry):
    """What of a registry may be seen by somebody who may not know of every log."""

    def __init__(self, registry: CollectorRegistry, may_see: Callable[[str], bool]) -> None:
        super().__init__()
        self._whole = registry
        self._may_see = may_see

    def collect(self) -> Iterable[Metric]:
        for family in self._whole.collect():
            if family.name not in _OF_NO_LOG:
                family.samples = [
                    sample
                    for sample in family.samples
                    if (log := sample.labels.get("log")) is not None and self._may_see(log)
                ]
            if family.samples:
                yield family
