import pytest

from graven.pytest_plugin.difference import difference


def _applied(value, operations):
    """RFC 6902, as far as `difference` uses it."""
    for operation in operations:
        *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        holder = value
        for part in parents:
            holder = holder[int(part)] if isinstance(holder, list) else holder[part]
        if isinstance(holder, list):
            match operation["op"]:
                case "add":
                    holder.insert(int(last), operation["value"])
                case "remove":
                    assert holder.pop(int(last)) == operation["was"]
                case "replace":
                    holder[int(last)] = operation["value"]
        elif operation["op"] == "remove":
            assert holder.pop(last) == operation["was"]
        else:
            holder[last] = operation["value"]
    return value


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"a": 1}, {"a": 2}),
        ({"a": 1, "b": 2}, {"b": 2, "c": 3}),
        ({"a": [1, 2, 3, 4]}, {"a": [1, 3, 4]}),
        ({"a": [1, 2]}, {"a": [0, 1, 2, 3]}),
        ({"a": [1, 2, 3, 9]}, {"a": [7, 8]}),
        ({"a/b": {"~": 1}}, {"a/b": {"~": True}}),
        ({"a": [{"n": 1}, {"n": 2}]}, {"a": [{"n": 1}, {"n": 3}]}),
    ],
)
def test_the_operations_turn_left_into_right(left, right):
    import copy

    assert _applied(copy.deepcopy(left), difference(left, right)) == right


def test_one_deletion_from_a_long_list_is_one_operation():
    numbers = list(range(100))
    assert difference(numbers, numbers[:40] + numbers[41:]) == [{"op": "remove", "path": "/40", "was": 40}]


def test_one_is_not_true():
    assert difference({"a": 1}, {"a": True}) == [{"op": "replace", "path": "/a", "value": True, "was": 1}]


def test_at_most_two_hundred_operations_are_given():
    assert len(difference(list(range(1000)), list(range(1000, 2000)))) == 200
