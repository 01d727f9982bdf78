import pytest

from graven.errors import InvalidInput
from graven.log.layout import check_name, log_names


@pytest.mark.parametrize("name", ["a", "default", "shop-prod", "0", "x" * 63])
def test_a_valid_name_comes_back(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", "x" * 64, "A", "a.b", "a/b", "..", "a\n", "é", "a_b"])
def test_any_other_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        check_name(name)


def test_half_created_logs_are_not_listed(tmp_path) -> None:
    for name in ("b", "a", ".creating-c"):
        (tmp_path / "logs" / name).mkdir(parents=True)
    assert log_names(tmp_path) == ["a", "b"]
    assert log_names(tmp_path / "nowhere") == []
