import logging

from graven.sdk.guard import is_internal
from graven.sdk.ledger import Ledger, Loss


def test_what_is_not_settled_is_pending():
    ledger = Ledger()
    for name, count in (("recorded", 10), ("adopted", 2), ("acknowledged", 5)):
        ledger.add(name, count)
    ledger.lose("queue_full", 3)
    ledger.lose("refused", 1)
    stats = ledger.stats()
    assert (stats.dropped, stats.refused, stats.pending) == (3, 1, 3)
    assert stats.losses == {"queue_full": 3, "refused": 1}


def test_the_callback_hears_of_every_loss():
    heard = []
    ledger = Ledger(heard.append)
    ledger.lose("queue_full", 1)
    ledger.lose("queue_full", 2, "still")
    assert heard == [Loss("queue_full", 1), Loss("queue_full", 2, "still")]


def test_a_callback_that_raises_breaks_nothing(caplog):
    def callback(loss):
        raise RuntimeError("boom")

    ledger = Ledger(callback)
    ledger.lose("queue_full", 1)
    assert ledger.stats().dropped == 1
    assert "the callback raised" in caplog.text


def test_one_line_per_reason_and_ten_seconds_says_how_many_it_stands_for(caplog):
    now = 0.0
    ledger = Ledger(clock=lambda: now)
    for _ in range(1000):
        ledger.lose("queue_full", 1)
    now = 10.0
    ledger.lose("queue_full", 1)
    assert [record.getMessage().split(" (")[0] for record in caplog.records] == [
        "1 event not recorded",
        "1000 events not recorded",
    ]
    assert {record.name for record in caplog.records} == {"graven.sdk"}


def test_a_loss_without_detail_ends_with_its_reason(caplog):
    Ledger().lose("closed", 1)
    assert caplog.messages == ["1 event not recorded (closed)"]


def test_what_the_recorder_logs_is_marked_as_its_own(caplog):
    seen = []

    class Spy(logging.Handler):
        def emit(self, record):
            seen.append(is_internal())

    spy = Spy()
    logging.getLogger("graven.sdk").addHandler(spy)
    try:
        Ledger().lose("queue_full", 1)
    finally:
        logging.getLogger("graven.sdk").removeHandler(spy)
    assert seen == [True]
