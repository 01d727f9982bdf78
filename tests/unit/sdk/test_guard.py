import threading

from graven.sdk.guard import internal, is_internal


def test_the_mark_nests_and_ends():
    with internal():
        with internal():
            assert is_internal()
        assert is_internal()
    assert not is_internal()


def test_the_mark_is_of_one_thread():
    seen = []
    with internal():
        thread = threading.Thread(target=lambda: seen.append(is_internal()))
        thread.start()
        thread.join()
    assert seen == [False]
