"""A test has one full name, whether its own name holds its suite or not."""

import pytest

from graven.qa.identity import full_name


@pytest.mark.parametrize(
    ("suite", "test", "name"),
    [
        ("shop", "test_total", "shop::test_total"),
        ("", "test_total", "test_total"),
        ("test_shop.py", "test_shop.py::test_total[eur-3]", "test_shop.py::test_total[eur-3]"),
        ("shop", "shopping::test", "shop::shopping::test"),
    ],
)
def test_a_suite_stands_once_in_a_name(suite: str, test: str, name: str) -> None:
    assert full_name(suite, test) == name
