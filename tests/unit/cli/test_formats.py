import json

import pytest

from graven.cli.formats import BATCH_ITEMS, Item, Unreadable, batches, cut, recognise, with_stable_ids
from graven.errors import InvalidInput

K8S = b'{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a","stage":"ResponseComplete"}'


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (K8S, "k8s"),
        (b'{"auditID":"a","stage":"Panic"}', "k8s"),
        (b'{"kind":"EventList","items":[%b]}' % K8S, "k8s"),
        (K8S + b"\n" + K8S, "k8s"),
        (b"\n\n  " + K8S, "k8s"),
        (b"\xef\xbb\xbf" + K8S, "k8s"),
        (b'{"kind": 0}', "k8s"),
        (b'{"action":"a","actor":{"id":"x"}}', "event"),
        (b'[{"action":"a","actor":{"id":"x"}}]', "event"),
        (b'{"action":"a","actor":{"id":"x"},"kind":"odd"}', "event"),
        (b'{"broken\n{"action":"a","actor":{"id":"x"}}', "event"),
        (b"<?xml version='1.0'?><testsuites/>", "junit"),
        (b"<testsuite name='x'/>", "junit"),
        ("<testsuite name='x'/>".encode("utf-16"), "junit"),
        ("<testsuite name='x'/>".encode("utf-16-be"), "junit"),
        (b'{"reportFormat": "CTRF", "results": {}}', "ctrf"),
        (b'{"results": {"tool": {"name": "jest"}, "tests": []}}', "ctrf"),
        (b'{"pytest_version": "9", "$report_type": "SessionStart"}', "reportlog"),
    ],
)
def test_the_format_of_a_file_is_recognised(content, expected):
    assert recognise(content) == expected


def test_a_file_of_allure_is_recognised_by_its_name_and_content():
    assert recognise(b'{"uuid": "1", "name": "a"}', name="x/1-result.json") == "allure"
    assert recognise(b'{"action":"a","actor":{"id":"x"}}', name="x/1-result.json") == "event"


def test_the_head_of_a_large_file_is_enough():
    assert recognise(b'[{"action":"a","actor":{"id":"x"}},{"act', cut_off=True) == "event"
    assert recognise(b'{"kind":"EventList","items":[{"auditID"', cut_off=True) == "k8s"


def test_json_in_utf_16_is_refused_with_the_way_out():
    with pytest.raises(InvalidInput) as caught:
        recognise('{"results":{}}'.encode("utf-16"), name="f")
    assert "iconv" in caught.value.why


@pytest.mark.parametrize("content", [b"", b"   \n", b"hello", b"<html/>", b"[1,2]", b'{"a":', b"\x00\x01\xff"])
def test_a_file_of_no_known_format_is_refused_with_a_reason(content):
    with pytest.raises(InvalidInput) as caught:
        recognise(content, name="some.file")
    assert "some.file" in caught.value.message
    assert caught.value.why


def test_lines_keep_their_exact_bytes_and_numbers():
    parts = list(cut(b'{"a":1}\n\n{ "b" : 2 }\n'))
    assert parts == [Item(1, b'{"a":1}'), Item(3, b'{ "b" : 2 }')]


def test_an_unreadable_line_is_named_and_the_others_are_kept():
    parts = list(cut(b'{"a":1}\n{"b":\n[3]\n{"c":3}'))
    assert [type(part) for part in parts] == [Item, Unreadable, Unreadable, Item]
    assert [part.line for part in parts] == [1, 2, 3, 4]
    assert parts[1].reason.startswith("not JSON")
    assert parts[2].reason == "a JSON list, expected an object"


def test_an_event_list_is_cut_into_the_bytes_of_its_items():
    content = b'{"kind":"EventList","items":[\n {"auditID": "1"},\n {"auditID": "2"}\n]}'
    assert list(cut(content)) == [Item(2, b'{"auditID": "1"}'), Item(3, b'{"auditID": "2"}')]


def test_one_object_over_several_lines_is_one_item():
    content = b'{\n  "auditID": "1"\n}\n'
    assert list(cut(content)) == [Item(1, content.strip())]


def test_deep_nesting_is_unreadable_and_no_crash():
    (part,) = list(cut(b"[" * 100_000))
    assert isinstance(part, Unreadable)


def test_batches_hold_at_most_a_thousand_items():
    items = [Item(n, b"{}") for n in range(2 * BATCH_ITEMS + 1)]
    groups = list(batches(iter(items)))
    assert [len(group) for group in groups] == [BATCH_ITEMS, BATCH_ITEMS, 1]
    assert [item for group in groups for item in group] == items


def test_a_large_item_gets_a_batch_of_its_own():
    groups = list(batches(iter([Item(1, b"x"), Item(2, b"y" * 5_000_000), Item(3, b"z")])))
    assert [[item.line for item in group] for group in groups] == [[1], [2], [3]]


def test_an_event_without_id_gets_one_that_follows_from_its_bytes():
    first, again = (list(with_stable_ids(iter([Item(1, b'{"action":"a"}')]))) for _ in range(2))
    assert first == again
    assert json.loads(first[0].content)["id"].startswith("import-")


def test_equal_events_get_different_ids():
    items = list(with_stable_ids(iter([Item(1, b'{"action":"a"}'), Item(2, b'{"action":"a"}')])))
    assert len({json.loads(item.content)["id"] for item in items}) == 2


def test_an_event_with_an_id_is_left_as_it_is():
    item = Item(1, b'{"action":"a", "id":"mine"}')
    assert list(with_stable_ids(iter([item]))) == [item]
