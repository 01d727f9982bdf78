"""Where a running server says that it listens."""

from pathlib import Path

import pytest

from graven.server.address import ADDRESS_FILE, announced_address, reachable_url


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8470"),
        ("0.0.0.0", "http://127.0.0.1:8470"),
        ("::", "http://[::1]:8470"),
        ("fe80::1", "http://[fe80::1]:8470"),
    ],
)
def test_an_address_that_means_all_is_reached_over_loopback(host: str, url: str) -> None:
    assert reachable_url("http", host, 8470) == url


def test_the_file_is_there_while_the_server_is(tmp_path: Path) -> None:
    (tmp_path / ADDRESS_FILE).write_text("left behind by one that was killed\n")
    with announced_address(tmp_path, "http://127.0.0.1:1"):
        assert [path.name for path in tmp_path.iterdir()] == [ADDRESS_FILE]
        assert (tmp_path / ADDRESS_FILE).read_text() == "http://127.0.0.1:1\n"
    assert list(tmp_path.iterdir()) == []


def test_a_directory_that_takes_no_file_does_not_stop_the_server(tmp_path: Path) -> None:
    with announced_address(tmp_path / "absent", "http://127.0.0.1:1"):
        pass
