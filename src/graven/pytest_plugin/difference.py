"""The structural difference of two captured values, as operations of RFC 6902 from `left` to `right`.

Lists are compared after their common beginning and end have been set aside, so that one deletion is one
operation and not a change of everything behind it.
"""

from typing import Any

__all__ = ["difference"]

_MOST = 200


def difference(left: Any, right: Any) -> list[dict[str, Any]]:
    """At most 200 operations; a `replace` or `remove` also says what was there (`was`)."""
    found: list[dict[str, Any]] = []
    _compare(left, right, "", found)
    return found[:_MOST]


def _compare(left: Any, right: Any, path: str, found: list[dict[str, Any]]) -> None:
    if len(found) >= _MOST:
        return
    if type(left) is dict and type(right) is dict:
        gone = [name for name in left if name not in right]
        found += [{"op": "remove", "path": f"{path}/{_escape(name)}", "was": left[name]} for name in gone]
        for name, value in right.items():
            if name not in left:
                found.append({"op": "add", "path": f"{path}/{_escape(name)}", "value": value})
            else:
                _compare(left[name], value, f"{path}/{_escape(name)}", found)
    elif type(left) is list and type(right) is list:
        _compare_lists(left, right, path, found)
    elif type(left) is not type(right) or left != right:
        found.append({"op": "replace", "path": path, "value": right, "was": left})


def _compare_lists(left: list[Any], right: list[Any], path: str, found: list[dict[str, Any]]) -> None:
    shorter = min(len(left), len(right))
    start = 0
    while start < shorter and _same(left[start], right[start]):
        start += 1
    end = 0
    while end < shorter - start and _same(left[-1 - end], right[-1 - end]):
        end += 1
    middle_left, middle_right = left[start : len(left) - end], right[start : len(right) - end]
    paired = min(len(middle_left), len(middle_right))
    for at in range(paired):
        _compare(middle_left[at], middle_right[at], f"{path}/{start + at}", found)
    # from the back, so that every index holds when the operations are applied in their order
    found += [
        {"op": "remove", "path": f"{path}/{start + at}", "was": middle_left[at]}
        for at in range(len(middle_left) - 1, paired - 1, -1)
    ]
    found += [
        {"op": "add", "path": f"{path}/{start + at}", "value": middle_right[at]}
        for at in range(paired, len(middle_right))
    ]


def _same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right)


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
