import threading

from graven.pytest_plugin.values import Values


class Endless:
    def __repr__(self):
        while True:
            pass


def test_a_type_that_took_too_long_is_not_asked_again():
    values = Values(patience_s=0.05)
    assert values(Endless())["$unreadable"]["error"] == "took longer than 0.05 s"
    assert values(Endless())["$unreadable"]["error"] == "an earlier value of this type took too long"
    assert values.unreadable == 1


def test_an_endless_repr_is_stopped_and_not_only_abandoned():
    Values(patience_s=0.05)(Endless())
    helpers = [thread for thread in threading.enumerate() if thread.name == "graven-values"]
    for helper in helpers:
        helper.join(timeout=30)
        assert not helper.is_alive()


def test_plain_data_needs_no_helper_thread():
    before = threading.active_count()
    assert Values()({"a": [1, "two", None]}) == {"a": [1, "two", None]}
    assert threading.active_count() == before


def test_a_list_that_contains_itself_is_cut():
    value = []
    value.append(value)
    values = Values()
    assert values(value) == [{"$cycle": "list"}]
    values.close()
