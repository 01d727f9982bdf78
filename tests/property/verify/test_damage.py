"""Whatever is done to the files of a log, the verifier says tampered and raises nothing."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.verify_logs import MemorySource, graven_entry, make_log

from graven.errors import InvalidInput
from graven.tlog.merkle import CompactRange
from graven.tlog.tiles import all_tiles
from graven.verify.compressed import plain_bundle
from graven.verify.engine import verify
from graven.verify.levels import Levels, Node
from graven.verify.report import Verdict

quick = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory):
    log = make_log(tmp_path_factory.mktemp("log"), 37)
    log.grow(*map(graven_entry, range(37, 600)))
    return log


@quick
@given(st.data())
def test_any_change_of_any_needed_file_is_found_unless_its_content_stays_the_same(log, data: st.DataObject):
    source = MemorySource(log.root)
    path = data.draw(st.sampled_from(sorted(source.files)))
    content = source.files[path]
    position = data.draw(st.integers(0, len(content)))
    count = data.draw(st.integers(0, 40))
    changed = content[:position] + data.draw(st.binary(max_size=40)) + content[position + count :]
    source.files[path] = changed
    report = verify(source, log.key, workers=0)
    if _same(path, content, changed):
        assert report.verdict is Verdict.FINE, report.text()
    else:
        assert report.verdict is Verdict.TAMPERED, path


def _same(path: str, old: bytes, new: bytes) -> bool:
    if "entries" not in path:
        return old == new
    width = int(path.rpartition("/")[2]) if ".p/" in path else 256
    try:
        return plain_bundle(new, width) == plain_bundle(old, width)
    except InvalidInput:
        return False


@quick
@given(st.data())
def test_files_that_changed_places_are_found(log, data: st.DataObject):
    source = MemorySource(log.root)
    one, other = data.draw(st.lists(st.sampled_from(sorted(source.files)), min_size=2, max_size=2, unique=True))
    source.files[one], source.files[other] = source.files[other], source.files[one]
    assert verify(source, log.key, workers=0).verdict is Verdict.TAMPERED


@quick
@given(st.data())
def test_a_log_reads_as_fine_at_every_size_that_it_ever_published(log, data: st.DataObject):
    size = data.draw(st.integers(0, 600))
    source = MemorySource(log.root)
    source.files["checkpoint"] = log.checkpoint(size)
    for tile in all_tiles(size):
        if data.draw(st.booleans()):
            source.files.pop(tile.path(), None) if tile.width < 256 and tile.index < 2 else None
    report = verify(source, log.key, workers=0)
    needed = {tile.path() for tile in all_tiles(size)}
    lost = {finding.path for finding in report.findings}
    assert lost <= needed
    assert report.verdict is Verdict.FINE or lost


@quick
@given(st.integers(0, 700), st.integers(0, 255), st.randoms(use_true_random=False))
def test_the_levels_give_the_root_of_a_compact_range(full: int, edge: int, random):
    roots = [random.randbytes(32) for _ in range(full)]
    leaves = [random.randbytes(32) for _ in range(edge)]
    tree = CompactRange()
    tree.extend(roots, level=8)
    tree.extend(leaves)
    tiles: dict[object, bytes] = {}
    hashes = roots
    level = 1
    while hashes:
        above = []
        for index in range(0, len(hashes), 256):
            part = hashes[index : index + 256]
            tiles[level, index // 256, len(part)] = b"".join(part)
            if len(part) == 256:
                whole = CompactRange()
                whole.extend(part)
                above.append(whole.root())
        hashes = above
        level += 1
    findings: list[object] = []
    levels = Levels(lambda tile: tiles[tuple(tile)], findings.append)
    for root in roots:
        levels.add(Node(root))
    data = b"".join(leaves)
    assert levels.roots(data, data) == [tree.root()]
    assert findings == []
    assert levels.files == len(tiles)


def test_the_samples_are_not_touched(log, tmp_path: Path):
    shutil.copytree(log.root, tmp_path / "copy")
    assert verify(MemorySource(tmp_path / "copy"), log.key, workers=0).verdict is Verdict.FINE
