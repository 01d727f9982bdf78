import sqlite3
from pathlib import Path
from typing import Any

import pytest

from graven.errors import StorageFailed
from graven.server import control
from graven.server.control import Control


class FailsToCommitOnce(sqlite3.Connection):
    failed = False

    def execute(self, sql: str, values: Any = (), /) -> sqlite3.Cursor:
        if sql == "COMMIT" and not self.failed:
            self.failed = True
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, values)


def test_a_commit_that_fails_is_undone_and_the_next_write_works(tmp_path: Path, monkeypatch) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(
        control.sqlite3, "connect", lambda *args, **more: connect(*args, factory=FailsToCommitOnce, **more)
    )
    opened = Control(tmp_path)
    with pytest.raises(StorageFailed, match="disk I/O error"):
        opened.set_fact("a", "1")
    assert opened.fact("a") is None
    opened.set_fact("a", "2")
    assert opened.fact("a") == "2"
    opened.close()


def test_a_statement_that_fails_undoes_those_before_it(tmp_path: Path) -> None:
    opened = Control(tmp_path)
    with pytest.raises(StorageFailed, match="no such table"):
        opened.write(
            ("INSERT INTO facts VALUES (?, ?)", ("a", "1")),
            ("INSERT INTO absent VALUES (1)", ()),
        )
    assert opened.fact("a") is None
    opened.close()
