import pytest

from graven.index.query.near_path import meant_path

DOCUMENTS = [
    {"lines": [{"sku": "a", "0": "zero"}, {"sku": "b"}], "total": 5},
    {"deep": [[{"x": 1}]], "none": None},
]


@pytest.mark.parametrize(
    ("path", "meant", "values"),
    [
        (("total",), ("total",), [5]),
        (("lines", None, "sku"), ("lines", None, "sku"), ["a", "b"]),
        (("lines", "sku"), ("lines", None, "sku"), ["a", "b"]),
        (("lines", "0"), ("lines", None, "0"), ["zero"]),
        (("lines", "1", "sku"), ("lines", 1, "sku"), ["b"]),
        (("deep", "x"), ("deep", None, None, "x"), [1]),
        (("total", None), ("total",), [5]),
        (("Totl",), ("total",), [5]),
    ],
)
def test_the_path_that_leads_somewhere_is_found(path, meant, values):
    found = meant_path(path, DOCUMENTS)
    assert (found.path, found.values) == (meant, values)


def test_where_no_path_is_near_the_members_that_there_are_are_named():
    assert meant_path(("lines", "price"), DOCUMENTS) == (("lines", None), [], ["0", "sku"])


def test_a_null_leads_nowhere():
    assert meant_path(("none",), DOCUMENTS).values == []
