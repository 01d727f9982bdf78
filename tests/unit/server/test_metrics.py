"""What is shown of the metrics, and to whom."""

from collections.abc import Iterable

from graven.server.metrics import Metrics


class Observed:
    """Two logs and `system`."""

    def log_stats(self) -> Iterable[tuple[str, dict[str, float]]]:
        return [("ours", {"size": 1.0}), ("theirs", {"size": 2.0}), ("system", {"size": 3.0})]

    def counters(self) -> Iterable[tuple[str, str, dict[str, int]]]:
        return [("graven_incidents", "Incidents, by kind.", {"fork": 1})]

    def gauges(self) -> Iterable[tuple[str, str, float]]:
        return [("graven_index_away", "Away.", 0.0), ("graven_bytes_in_flight", "Bytes.", 7)]


def made() -> Metrics:
    metrics = Metrics()
    metrics.events.labels("ours").inc()
    metrics.events.labels("theirs").inc()
    metrics.refused.labels("bad_query").inc()
    metrics.append_seconds.observe(0.1)
    metrics.observe(Observed())
    return metrics


def families(text: bytes) -> set[str]:
    return {line.split()[2] for line in text.decode().splitlines() if line.startswith("# HELP")}


def test_who_may_see_one_log_sees_no_name_and_no_number_of_another() -> None:
    text = made().text(lambda log: log == "ours")
    assert b'graven_log_size{log="ours"} 1.0' in text
    assert b"theirs" not in text
    assert b"system" not in text


def test_what_counts_all_logs_together_is_left_out_and_what_is_about_the_process_stays() -> None:
    shown = families(made().text(lambda log: log == "ours"))
    assert shown - {"graven_events_created"} == {"graven_events_total", "graven_log_size", "graven_index_away"}


def test_who_may_see_all_logs_sees_everything() -> None:
    text = made().text()
    assert all(word in text for word in (b"theirs", b"system", b"graven_append_seconds", b"graven_incidents"))
