"""A parser process answers as `prepare_events` does; its death costs the request it had and nothing else."""

import gc
import json
import os
import resource
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.support.process_tree import children_of, command_line

from graven.errors import InvalidEvent, InvalidInput, TooLarge, Unavailable
from graven.event.batch import PreparedBatch
from graven.event.envelope import entry_head, entry_tail
from graven.event.intake import NDJSON, Producer, prepare_events
from graven.event.mappers.pushed import prepare_pushed
from graven.event.redact import Redactor, Rule, default_rules
from graven.server.parsing import ParserPool
from graven.server.parsing.region import USUAL_BYTES
from graven.tlog.bundle import encode_bundle

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="parser processes need memory files")

PRODUCER = Producer("t" * 12, "127.0.0.1")
KEY = b"k" * 32
RULES = default_rules()
REDACTOR = Redactor(RULES, "k1", KEY)
NOW_NS = 1_700_000_000_000_000_000
MOST = 100_000


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    made = ParserPool(RULES, "k1", KEY, 1)
    yield made
    made.close()


def lines(count: int, **fields: object) -> bytes:
    events = [{"id": f"e{at}", "action": "a", "actor": {"id": "b"}, **fields} for at in range(count)]
    return b"\n".join(json.dumps(event).encode() for event in events)


def elsewhere(pool: ParserPool, body: bytes, most: int = MOST) -> PreparedBatch:
    return pool.prepare(body, NDJSON, PRODUCER, now_ns=NOW_NS, most=most)


def here(body: bytes) -> PreparedBatch:
    return prepare_events(body, NDJSON, PRODUCER, REDACTOR, now_ns=NOW_NS, most=MOST)


def entries(count: int, *, blob: tuple[str, int] | None = None, **fields: object) -> list[bytes]:
    """As a job's log has them."""
    data = [json.dumps({"id": f"e{at}", "action": "a", "actor": {"id": "b"}, **fields}).encode() for at in range(count)]
    return [
        entry_head(NOW_NS + at)
        + entry_tail(
            token="local", ip="127.0.0.1", id=f"e{at}", source="", format="event/1",
            data=None if blob else event, blob=blob,
        )
        for at, event in enumerate(data)
    ]  # fmt: skip


def pushed(pool: ParserPool, items: list[bytes], most: int = MOST) -> PreparedBatch | None:
    return pool.prepare_entries(encode_bundle(items), PRODUCER, origin="job.example/1", first=7, most=most)


def pid_of(pool: ParserPool) -> int:
    elsewhere(pool, lines(1))
    parser = pool._places[0]._parser
    assert parser is not None
    return parser._process.pid


@pytest.mark.parametrize(
    "body",
    [
        lines(1),
        lines(300, source="shop", input={"password": "geheim", "n": 1}),
        lines(3, input="x" * 70_000),
        lines(2, attachments=[{"digest": "sha256:" + "0" * 64, "size": 3}]),
    ],
    ids=["one", "redacted", "oversize", "attachments"],
)
def test_the_batch_is_the_one_made_here(pool: ParserPool, body: bytes) -> None:
    assert elsewhere(pool, body) == here(body)


def test_a_batch_larger_than_the_region_comes_back_whole(pool: ParserPool) -> None:
    body = lines(70_000)
    assert len(body) < USUAL_BYTES
    batch = elsewhere(pool, body)
    assert sum(map(len, batch.tails)) > USUAL_BYTES
    assert batch == here(body)
    assert elsewhere(pool, lines(1)) == here(lines(1))  # the region is small again


def test_a_body_larger_than_the_region_is_taken(pool: ParserPool) -> None:
    body = lines(5, input="y" * (USUAL_BYTES // 4))
    assert elsewhere(pool, body) == here(body)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (lines(2) + b'\n{"action":1}', InvalidEvent),
        (b"{", InvalidInput),
        (b'{"action":"a","actor":{"id":"b"},"%b":1}' % (b"n" * 300_000), InvalidEvent),
        (lines(11), TooLarge),
    ],
    ids=["item", "json", "long name", "too many"],
)
def test_a_refusal_says_the_same_as_here(pool: ParserPool, body: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind) as away:
        elsewhere(pool, body, most=10)
    with pytest.raises(kind) as home:
        prepare_events(body, NDJSON, PRODUCER, REDACTOR, now_ns=NOW_NS, most=10)
    assert vars(away.value) == vars(home.value)


def test_many_threads_get_each_their_own_answer(pool: ParserPool) -> None:
    bodies = [lines(count, reason=f"r{count}") for count in range(1, 60)]
    with ThreadPoolExecutor(pool.lanes) as threads:
        assert list(threads.map(lambda body: elsewhere(pool, body), bodies)) == [here(body) for body in bodies]


def killed(pid: int) -> None:
    """Kill a child and wait until it is dead, without taking its exit status."""
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def test_a_process_that_dies_over_a_body_costs_that_request(pool: ParserPool) -> None:
    deaths = pool.deaths
    parser = pid_of(pool)
    os.kill(parser, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(elsewhere, pool, lines(1))
        os.kill(parser, signal.SIGKILL)
        with pytest.raises(Unavailable) as refused:
            waiting.result(60)
    assert refused.value.code == "parser_died"
    assert elsewhere(pool, lines(2)) == here(lines(2))
    assert pool.deaths == deaths + 1


def test_a_process_that_died_with_nothing_to_do_costs_nothing(pool: ParserPool) -> None:
    first = pid_of(pool)
    killed(first)
    assert elsewhere(pool, lines(2)) == here(lines(2))
    assert pid_of(pool) != first


@pytest.mark.parametrize("fault", [MemoryError, ZeroDivisionError, KeyboardInterrupt])
def test_an_answer_that_nobody_took_is_never_that_of_another_body(
    pool: ParserPool, monkeypatch: pytest.MonkeyPatch, fault: type[BaseException]
) -> None:
    def failing(_channel: object) -> bytes:
        raise fault

    first = lines(3, input={"password": "geheim-of-another"})
    for _ in range(pool.lanes):
        with monkeypatch.context() as patched:
            patched.setattr("graven.server.parsing.pool._received", failing)
            with pytest.raises((fault, Unavailable)):
                elsewhere(pool, first)
    for _ in range(pool.lanes):
        assert elsewhere(pool, lines(4)) == here(lines(4))


def test_a_process_that_does_not_answer_is_given_up(pool: ParserPool) -> None:
    os.kill(pid_of(pool), signal.SIGSTOP)
    silent = pool._places[0]._parser
    assert silent is not None
    for channel, _ in silent._lanes:
        channel.settimeout(0.1)
    with pytest.raises(Unavailable) as refused:
        elsewhere(pool, lines(1))
    assert refused.value.code == "parser_died"
    assert not silent.alive()
    assert elsewhere(pool, lines(2)) == here(lines(2))


def test_calls_one_after_the_other_need_one_process() -> None:
    made = ParserPool(RULES, "k1", KEY, 4)
    for _ in range(6):
        elsewhere(made, lines(1))
    assert [place._parser is not None for place in made._places] == [True, False, False, False]
    made.close()


def test_rules_of_any_size_reach_the_process() -> None:
    many = [
        Rule(name=f"rule-{at}", paths=(f"**.field_{at}_{'x' * 200}",)) for at in range(400)
    ]  # more than a pipe holds
    made = ParserPool(many, "k1", KEY, 1)
    body = lines(1, input={f"field_7_{'x' * 200}": "taken"})
    assert elsewhere(made, body).redacted == 1
    made.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_whole_group_does_not_end_it(pool: ParserPool, number: signal.Signals) -> None:
    os.kill(pid_of(pool), number)
    assert elsewhere(pool, lines(2)) == here(lines(2))


def test_a_pool_of_none_has_nothing_to_offer() -> None:
    assert not ParserPool(RULES, "k1", KEY, 0).available


def test_a_closed_pool_starts_nothing_and_says_so() -> None:
    made = ParserPool(RULES, "k1", KEY, 1)
    made.close()
    with pytest.raises(Unavailable) as refused:
        elsewhere(made, lines(1))
    assert refused.value.code == "parser_unavailable"


def test_a_process_that_hangs_does_not_hold_up_the_close() -> None:
    made = ParserPool(RULES, "k1", KEY, 1)
    elsewhere(made, lines(1))
    os.kill(pid_of(made), signal.SIGSTOP)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(elsewhere, made, lines(1))
        made.close()
        with pytest.raises(Unavailable):
            waiting.result(60)


def test_too_few_descriptors_are_a_refusal_that_leaks_nothing() -> None:
    made = ParserPool(RULES, "k1", KEY, 1)
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    codes = []
    try:
        for room in range(24):
            resource.setrlimit(resource.RLIMIT_NOFILE, (before + room, hard))
            try:
                elsewhere(made, lines(1))
            except Unavailable as refused:
                codes.append(refused.code)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert "parser_unavailable" in codes
    assert elsewhere(made, lines(2)) == here(lines(2))
    made.close()
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before


def test_many_deaths_leave_neither_descriptors_nor_zombies(pool: ParserPool) -> None:
    elsewhere(pool, lines(1))
    gc.collect()
    open_now = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        killed(pid_of(pool))
    elsewhere(pool, lines(1))
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == open_now
    assert len([child for child in children_of(os.getpid()) if not command_line(child)]) == 0


def test_nothing_is_started_before_it_is_wanted() -> None:
    made = ParserPool(RULES, "k1", KEY, 4)
    assert made.available
    assert not any(place._parser for place in made._places)
    made.close()


OWNER = """
import sys
from graven.event.intake import NDJSON, Producer
from graven.event.redact import default_rules
from graven.server.parsing import ParserPool
pool = ParserPool(default_rules(), "k1", b"k" * 32, 1)
pool.prepare(b'{"action":"a","actor":{"id":"b"}}', NDJSON, Producer("t", "i"), now_ns=1, most=9)
print(pool._places[0]._parser._process.pid, flush=True)
sys.stdin.read()
"""


def test_it_ends_when_its_owner_was_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        parser = os.pidfd_open(int(owner.stdout.readline()))
        try:
            owner.kill()
            ended, _, _ = select.select([parser], [], [], 60)
            assert ended
        finally:
            os.close(parser)


def test_the_key_is_not_on_the_command_line_of_the_process(pool: ParserPool) -> None:
    assert KEY.decode() not in command_line(pid_of(pool))


def test_entries_of_another_log_are_prepared_as_they_are_here(pool: ParserPool) -> None:
    items = entries(300, input={"password": "hunter2-of-alice"})

    def load(at: int, digest: str, size: int) -> bytes:
        raise AssertionError(digest)

    assert pushed(pool, items) == prepare_pushed(items, PRODUCER, REDACTOR, origin="job.example/1", first=7, load=load)


def test_an_entry_that_lies_in_a_blob_is_left_to_the_owner(pool: ParserPool) -> None:
    assert pushed(pool, entries(2) + entries(1, blob=(f"sha256:{'0' * 64}", 70_000))) is None
    assert pushed(pool, entries(1)) is not None


def test_a_faulty_entry_is_refused_with_its_place(pool: ParserPool) -> None:
    with pytest.raises(InvalidEvent) as caught:
        pushed(pool, [*entries(3), b"{}"])
    assert caught.value.details["errors"][0]["item"] == 3


@pytest.mark.parametrize(("items", "most", "error"), [([], MOST, InvalidInput), (entries(3), 2, TooLarge)])
def test_no_entry_and_too_many_are_refused(pool: ParserPool, items, most, error) -> None:
    with pytest.raises(error):
        pushed(pool, items, most)
