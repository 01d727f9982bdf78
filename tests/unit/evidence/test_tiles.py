from pathlib import Path

import pytest
from tests.support.verify_logs import VECTOR, VECTOR_KEY, graven_entry, make_log

from graven.errors import CouldNotCheck, Tampered, UsageError
from graven.evidence.tiles import export_tiles
from graven.tlog.tiles import all_tiles
from graven.verify.directory import DirectorySource
from graven.verify.engine import verify
from graven.verify.report import Verdict


def listing(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def expected(size: int) -> set[str]:
    return {tile.path() for tile in all_tiles(size)} | {"checkpoint", "log.vkey"}


def test_plain_bundles_and_partials_of_the_published_size_only(tmp_path: Path):
    log = make_log(tmp_path / "data", 5)
    log.grow(*map(graven_entry, range(5, 600)))
    made = export_tiles(DirectorySource(log.root), tmp_path / "out")
    assert made.checkpoint.size == 600
    assert listing(tmp_path / "out") == expected(600)
    assert made.files == len(expected(600)) - 2
    for tile in all_tiles(600):
        assert (tmp_path / "out" / tile.path()).read_bytes() == log.tile(tile)
    report = verify(DirectorySource(tmp_path / "out"), log.key, workers=0)
    assert report.verdict is Verdict.FINE


def test_the_vector_log_is_exported_byte_for_byte(tmp_path: Path):
    export_tiles(DirectorySource(VECTOR), tmp_path / "out", key=VECTOR_KEY)
    for path in listing(tmp_path / "out"):
        assert (tmp_path / "out" / path).read_bytes() == (VECTOR / path).read_bytes()
    with pytest.raises(CouldNotCheck):
        export_tiles(DirectorySource(VECTOR), tmp_path / "other")


def test_exporting_again_adds_what_is_new_and_drops_obsolete_partials(tmp_path: Path):
    log = make_log(tmp_path / "data", 300)
    export_tiles(DirectorySource(log.root), tmp_path / "out")
    log.grow(*map(graven_entry, range(300, 515)))
    made = export_tiles(DirectorySource(log.root), tmp_path / "out")
    assert listing(tmp_path / "out") == expected(515)
    assert made.files == 5  # 1 and 2.p/3 of entries and hashes, tile/1/000.p/2
    assert export_tiles(DirectorySource(log.root), tmp_path / "out").files == 0


def test_progress_counts_bundles(tmp_path: Path):
    log = make_log(tmp_path / "data", 600)
    seen: list[tuple[int, int]] = []
    export_tiles(DirectorySource(log.root), tmp_path / "out", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_log_that_was_rewritten_is_not_mixed_with_its_past(tmp_path: Path):
    log = make_log(tmp_path / "one", 300)
    export_tiles(DirectorySource(log.root), tmp_path / "out")
    before = listing(tmp_path / "out")
    for size in (300, 299, 700):
        forged = make_log(tmp_path / f"forged-{size}", [graven_entry(n + 1) for n in range(size)])
        with pytest.raises(Tampered, match="no longer extends"):
            export_tiles(DirectorySource(forged.root), tmp_path / "out")
    assert listing(tmp_path / "out") == before


def test_a_full_tile_that_was_changed_in_the_copy_is_noticed_when_it_is_written_again(tmp_path: Path):
    log = make_log(tmp_path / "data", 300)
    export_tiles(DirectorySource(log.root), tmp_path / "out")
    (tmp_path / "out/tile/1/000.p/1").write_bytes(bytes(32))
    with pytest.raises(Tampered, match="other content"):
        export_tiles(DirectorySource(log.root), tmp_path / "out")


def test_a_directory_with_anything_else_is_left_alone(tmp_path: Path):
    log = make_log(tmp_path / "data", 3)
    out = tmp_path / "out"
    out.mkdir()
    (out / "precious").touch()
    with pytest.raises(UsageError, match="not empty"):
        export_tiles(DirectorySource(log.root), out)
    other = make_log(tmp_path / "other", 3, origin="other.example/log")
    (out / "checkpoint").write_bytes(other.checkpoint())
    with pytest.raises(UsageError):
        export_tiles(DirectorySource(log.root), out)
    assert listing(out) == {"precious", "checkpoint"}


def test_a_damaged_log_is_not_exported_and_gets_no_checkpoint(tmp_path: Path):
    log = make_log(tmp_path / "data", 300)
    (log.root / "tile/entries/001.p/44").write_bytes(b"\0\5short")
    with pytest.raises(Tampered):
        export_tiles(DirectorySource(log.root), tmp_path / "out")
    assert not (tmp_path / "out/checkpoint").exists()


def test_an_empty_log_is_a_checkpoint_and_a_key(tmp_path: Path):
    log = make_log(tmp_path / "data", 0)
    export_tiles(DirectorySource(log.root), tmp_path / "out")
    assert listing(tmp_path / "out") == {"checkpoint", "log.vkey"}


@pytest.mark.parametrize(("mark", "place"), [("control.sqlite", "out/new"), ("control.sqlite", "."), ("journal", ".")])
def test_nothing_is_exported_into_a_data_directory(tmp_path: Path, mark: str, place: str):
    log = make_log(tmp_path / "source", 3)
    live = tmp_path / "live"
    live.mkdir()
    (live / mark).touch()
    with pytest.raises(UsageError, match="belongs to a data directory"):
        export_tiles(DirectorySource(log.root), live / place)
    assert [path.name for path in live.iterdir()] == [mark]


def test_not_even_the_own_checkpoint_makes_a_live_log_a_mirror(tmp_path: Path):
    log = make_log(tmp_path, 3)
    (log.root / "head.sqlite").touch()
    with pytest.raises(UsageError, match="belongs to a data directory"):
        export_tiles(DirectorySource(log.root), log.root)
