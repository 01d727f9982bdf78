from graven.cli.entry_reading import event_of


def test_the_event_of_an_entry_is_its_data():
    assert event_of({"format": "event/1", "data": {"action": "a"}}) == {"action": "a"}


def test_the_event_of_a_pushed_entry_is_that_of_the_entry_which_it_keeps():
    kept = {"format": "event/1", "data": {"action": "a"}}
    once = {"format": "graven.entry/1", "data": {"entry": kept}}
    twice = {"format": "graven.entry/1", "data": {"entry": once}}
    assert event_of(once) == event_of(twice) == {"action": "a"}


def test_an_entry_of_another_shape_is_left_as_it_is():
    assert event_of({"format": "graven.entry/1", "data": {"entry": "text"}}) == {"entry": "text"}
    assert event_of({}) is None
