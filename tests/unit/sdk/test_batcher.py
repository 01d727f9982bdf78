from graven.sdk.batcher import Batcher


def batcher(**limits):
    given = {"batch_events": 3, "batch_bytes": 100, "batch_age_s": 1.0, "queue_events": 10, "queue_bytes": 1000}
    return Batcher(**{**given, **limits})


def test_nothing_is_due_while_nothing_waits():
    assert batcher().due_in(now=0.0) is None
    assert batcher().take() == []


def test_a_batch_is_due_when_its_oldest_event_is_old_enough():
    waiting = batcher()
    waiting.add(b"a", 5.0)
    waiting.add(b"b", 5.9)
    assert waiting.due_in(5.9) == 5.0 + 1.0 - 5.9
    assert waiting.due_in(6.0) == 0.0


def test_a_batch_is_due_when_enough_events_wait():
    waiting = batcher()
    for event in (b"a", b"b", b"c"):
        waiting.add(event, 0.0)
    assert waiting.due_in(0.0) == 0.0


def test_a_batch_is_due_when_enough_bytes_wait():
    waiting = batcher()
    waiting.add(b"a" * 100, 0.0)
    assert waiting.due_in(0.0) == 0.0


def test_a_batch_keeps_to_both_limits():
    waiting = batcher()
    for event in (b"a" * 60, b"b" * 60, b"c", b"d", b"e"):
        waiting.add(event, 0.0)
    assert [len(waiting.take()) for _ in range(3)] == [1, 3, 1]
    assert waiting.size_bytes == 0


def test_an_event_above_the_limit_of_a_batch_goes_alone():
    waiting = batcher()
    waiting.add(b"a" * 500, 0.0)
    waiting.add(b"b", 0.0)
    assert waiting.take() == [b"a" * 500]


def test_a_full_queue_refuses_the_newest_and_keeps_the_oldest():
    waiting = batcher(queue_events=2)
    assert [waiting.add(event, 0.0) for event in (b"a", b"b", b"c")] == [True, True, False]
    assert waiting.take() == [b"a", b"b"]


def test_the_queue_is_bounded_in_bytes_too():
    waiting = batcher(queue_bytes=10)
    assert [waiting.add(b"x" * 6, 0.0), waiting.add(b"x" * 6, 0.0), waiting.add(b"x" * 4, 0.0)] == [True, False, True]
