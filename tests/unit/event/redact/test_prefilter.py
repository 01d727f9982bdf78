"""The byte scan: right items, right rules, no thread in another's way."""

import threading

import pytest
from tests.support.event_samples import CARD, compact, event

from graven.event.redact import Redactor, Rule, default_rules
from graven.event.redact.prefilter import ALL_RULES, Prefilter

RULES = default_rules()
NUMBER = {rule.name: 1 << number for number, rule in enumerate(RULES)}


@pytest.fixture(params=[True, False], ids=["hyperscan", "needles"])
def prefilter(request):
    made = Prefilter(RULES, fast=request.param)
    if request.param and made.engine != "hyperscan":
        pytest.skip("hyperscan is not installed")
    return made


def scan(prefilter, *items: bytes) -> dict[int, int]:
    return prefilter.suspects(b"\n".join(items), items)


def test_ordinary_events_are_no_suspects(prefilter):
    assert scan(prefilter, *[compact(event(message="all is well", input={"n": n})) for n in range(100)]) == {}


def test_the_right_items_are_named(prefilter):
    items = [compact(event(message="ok"))] * 50
    items[0] = items[17] = items[49] = compact(event(input={"password": "x"}))
    assert list(scan(prefilter, *items)) == [0, 17, 49]


def test_the_right_rules_are_named(prefilter):
    found = scan(
        prefilter,
        compact(event(input={"cvv": 1})),
        compact(event(message=CARD)),
        compact(event(message="4111 1111 1111 1111")),
        b'{"input":"\\u0070"}',
        b'{"input":{"$redacted":1}}',
    )
    assert found[0] & NUMBER["card-field"]
    assert found[1] & NUMBER["payment-card"]
    assert found[2] & NUMBER["payment-card"]
    assert found[3] == ALL_RULES
    assert 4 in found


def test_a_card_number_is_found_in_a_large_body(prefilter):
    items = [compact(event(message="x" * 100))] * 100 + [compact(event(input=int(CARD)))] + [b"{}"] * 3
    assert list(scan(prefilter, *items)) == [100]


def test_escapes_of_other_letters_and_of_angle_brackets_are_no_suspects(prefilter):
    assert scan(prefilter, b'{"m":"caf\\u00e9 \\u003cb\\u003e \\u0026 \\u2028 \\u0000"}') == {}


def test_a_flood_of_hits_ends_the_scan_and_suspects_everything():
    prefilter = Prefilter(RULES)
    if prefilter.engine != "hyperscan":
        pytest.skip("hyperscan is not installed")
    items = [b'{"password":"x"}'] * 12_000
    assert scan(prefilter, *items) == dict.fromkeys(range(12_000), ALL_RULES)


def test_a_rule_without_hints_suspects_everything():
    prefilter = Prefilter([Rule(name="a", paths=("x.*.*",)), Rule(name="b", paths=("*.*",))])
    assert scan(prefilter, b"{}", b"{}") == {0: 2, 1: 2}


def test_threads_scan_at_the_same_time():
    redactor = Redactor(RULES)
    items = [compact(event(input={"password": "x"}))] * 200
    body = b"\n".join(items)
    wrong: list[object] = []
    counts: set[int] = set()

    def work() -> None:
        try:
            for _ in range(20):
                counts.add(len(redactor.prefilter.suspects(body, items)))
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert counts == {200}
