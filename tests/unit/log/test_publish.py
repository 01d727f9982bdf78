from graven.log.publish import Schedule, Waiters


def test_publication_is_due_once_an_interval() -> None:
    schedule = Schedule(every_s=1.0, soon_s=0.05)
    assert schedule.due_s() == float("-inf")
    schedule.published(10.0)
    assert schedule.due_s() == 11.0


def test_a_wish_brings_it_forward_and_more_wishes_do_not_delay_it() -> None:
    schedule = Schedule(every_s=1.0, soon_s=0.05)
    schedule.published(10.0)
    schedule.wish(10.5)
    schedule.wish(10.54)
    assert schedule.due_s() == 10.55
    schedule.published(10.55)
    assert schedule.due_s() == 11.55


def test_a_late_wish_does_not_delay_the_regular_publication() -> None:
    schedule = Schedule(every_s=1.0, soon_s=0.05)
    schedule.published(10.0)
    schedule.wish(10.99)
    assert schedule.due_s() == 11.0


def test_waiters_are_called_once_when_their_size_is_reached() -> None:
    waiters, told = Waiters(), []
    for size in (5, 3, 9):
        waiters.add(size, lambda reached, size=size: told.append((size, reached)))
    waiters.reached(2)
    assert told == []
    waiters.reached(5)
    waiters.reached(5)
    assert told == [(3, True), (5, True)]
    waiters.close()
    waiters.add(1, lambda reached: told.append((1, reached)))
    assert told[2:] == [(9, False), (1, False)]


def test_a_waiter_that_fails_does_not_harm_the_others() -> None:
    waiters, told = Waiters(), []
    waiters.add(1, lambda reached: 1 / 0)
    waiters.add(1, told.append)
    waiters.reached(1)
    assert told == [True]
