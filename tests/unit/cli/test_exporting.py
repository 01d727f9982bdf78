import pytest

from graven.cli.access.questions import Exported, Question
from graven.cli.exporting import export_matches, written_beside
from graven.cli.main import run
from graven.errors import GravenError, Unavailable, UsageError


class Access:
    """Gives these pieces, announced as `count` events."""

    def __init__(self, *pieces, count=None):
        self.pieces, self.count = pieces, count

    def searcher(self):
        return self

    def export(self, log, question, kind, fields, *, tell):
        def given():
            for piece in self.pieces:
                if isinstance(piece, BaseException):
                    raise piece
                yield piece

        return Exported(self.count, given())


def written(access, output, kind="ndjson"):
    return export_matches(access, "l", Question(), format=kind, fields=None, output=output, quiet=True)


def test_a_file_is_there_when_it_is_whole(tmp_path):
    output = tmp_path / "x.ndjson"
    assert written(Access(b"{}\n{", b"}\n", count=2), output) == 2
    assert output.read_bytes() == b"{}\n{}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["x.ndjson"]
    assert output.stat().st_mode & 0o077, "as any other new file, not private"


@pytest.mark.parametrize("end", [Unavailable("broken off"), KeyboardInterrupt()])
def test_a_file_that_was_there_stays_when_an_export_breaks_off(tmp_path, end):
    output = tmp_path / "x.ndjson"
    output.write_bytes(b"before")
    with pytest.raises(type(end)):
        written(Access(b"{}\n", end), output)
    assert output.read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["x.ndjson"]


def test_fewer_events_than_announced_are_no_export(tmp_path):
    with pytest.raises(GravenError, match="3 events were announced, and 2 have come"):
        written(Access(b"{}\n{}\n", count=3), tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_a_binary_file_counts_no_lines(tmp_path):
    assert written(Access(b"PAR1\n\n\n", count=9), tmp_path / "x", "parquet") == 9


def test_a_table_goes_through_a_pipe(capfdbinary):
    export_matches(Access(b"a\r\n"), "l", Question(), format="csv", fields=None, output=None, quiet=True)
    assert capfdbinary.readouterr().out == b"a\r\n"


def test_parquet_is_refused_on_a_terminal(monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with pytest.raises(UsageError):
        written(Access(), None, "parquet")


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(UsageError), written_beside(tmp_path):
        pass


def test_a_file_keeps_its_mode(tmp_path):
    output = tmp_path / "x"
    output.write_bytes(b"")
    output.chmod(0o600)
    with written_beside(output) as stream:
        stream.write(b"y")
    assert output.stat().st_mode & 0o777 == 0o600


def test_one_entry_is_one_entry(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("GRAVEN_SERVER", raising=False)
    data = ["--data", str(tmp_path / "d")]
    assert run(["log", "create", "default", *data]) == 0
    assert run(["record", "--action", "a", "--actor", "me", *data]) == 0
    assert run(["doctor", *data]) == 0
    assert "log default: 1 entry, opens" in capsys.readouterr().out
    assert run(["export", "--to", "5", *data]) == 5
    assert "has 1 entry, and --to is 5" in capsys.readouterr().err


def test_a_file_that_cannot_be_made_is_told_by_its_own_name(tmp_path):
    output = tmp_path / "missing" / "x.ndjson"
    with pytest.raises(FileNotFoundError) as caught, written_beside(output):
        pass
    assert caught.value.filename == str(output)


def test_entries_are_written_beside_and_renamed(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("GRAVEN_SERVER", raising=False)
    data = ["--data", str(tmp_path / "d")]
    output = tmp_path / "x.ndjson"
    output.write_bytes(b"before")
    before = output.stat().st_ino
    assert run(["log", "create", "default", *data]) == 0
    assert run(["record", "--action", "a", "--actor", "me", *data]) == 0
    assert run(["export", "-o", str(output), *data]) == 0
    assert output.read_bytes().startswith(b'{"index":0,"entry":')
    assert output.stat().st_ino != before
