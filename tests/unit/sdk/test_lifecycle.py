import gc

from graven.sdk import lifecycle


class Recorder:
    def __init__(self):
        self.seen = []

    def close_at_exit(self):
        self.seen.append("exit")

    def after_fork_in_child(self):
        self.seen.append("fork")


def test_what_lives_is_closed_at_exit_and_reset_in_children():
    living = Recorder()
    lifecycle.look_after(living)
    lifecycle._in_child()
    lifecycle._at_exit()
    assert living.seen == ["fork", "exit"]
    lifecycle.forget(living)


def test_what_was_closed_is_forgotten():
    living = Recorder()
    lifecycle.look_after(living)
    lifecycle.forget(living)
    lifecycle._at_exit()
    assert living.seen == []


def test_what_is_dropped_is_not_kept_alive():
    before = len(lifecycle._living)
    lifecycle.look_after(Recorder())
    gc.collect()
    assert len(lifecycle._living) == before


def test_in_the_main_process_nothing_is_left_to_multiprocessing():
    living = Recorder()
    lifecycle.close_in_worker(living)
    assert living.seen == []
