from graven.index.process.patience import Patience


def test_pauses_double_up_to_the_longest_and_begin_anew_after_success():
    patience = Patience(1.0, 5.0, clock=lambda: 0.0)
    assert [patience.failed("a") for _ in range(4)] == [1.0, 2.0, 4.0, 5.0]
    patience.worked("a")
    assert patience.failed("a") == 1.0


def test_it_is_ready_when_the_pause_is_over_and_each_name_has_its_own():
    now = [0.0]
    patience = Patience(1.0, 5.0, clock=lambda: now[0])
    patience.failed("a")
    assert not patience.ready("a")
    assert patience.ready("b")
    now[0] = 1.0
    assert patience.ready("a")
