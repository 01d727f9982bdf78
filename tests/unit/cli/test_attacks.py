"""The attacks of the demonstration are competent: only what they are about gives them away."""

import pytest

from graven.cli.demo.attacks import change_one_byte, copy_log, read_entries, rebuild_without
from graven.event.envelope import entry_head, entry_tail
from graven.log.compress import compress_bundle
from graven.log.keys import write_key
from graven.tlog.bundle import encode_bundle
from graven.tlog.checkpoint import Checkpoint, sign_checkpoint
from graven.tlog.merkle import CompactRange, leaf_hashes
from graven.tlog.note import Signer
from graven.tlog.tiles import ENTRIES_LEVEL, TilePath
from graven.verify.engine import verify
from graven.verify.source import open_source

ORIGIN, SEED = "example.com/attacked", bytes(range(32))


def entry(number):
    data = b'{"action":"order.create","actor":{"id":"mallory"},"input":%d}' % number
    tail = entry_tail(token="t", ip="::1", id=str(number), source="s", format="event/1", data=data)
    return entry_head(number) + tail


@pytest.fixture
def data(tmp_path):
    """A data directory with an honest log of 300 entries, bundles compressed."""
    log = tmp_path / "data" / "logs" / "default"
    entries = [entry(n) for n in range(300)]
    hashes = leaf_hashes(entries)
    tree = CompactRange()
    tree.extend(hashes)
    for index, width in ((0, 256), (1, 44)):
        part = slice(index * 256, index * 256 + width)
        for level, content in (
            (ENTRIES_LEVEL, compress_bundle(encode_bundle(entries[part]))),
            (0, b"".join(hashes[part])),
        ):
            path = log / TilePath(level, index, width).path()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    first = CompactRange()
    first.extend(hashes[:256])
    (log / "tile" / "1").mkdir()
    (log / "tile" / "1" / "000.p").mkdir()
    (log / "tile" / "1" / "000.p" / "1").write_bytes(first.root())
    signer = Signer(ORIGIN, SEED)
    (log / "checkpoint").write_bytes(sign_checkpoint(Checkpoint(ORIGIN, 300, tree.root()), signer))
    (log / "log.vkey").write_text(signer.verifier.text + "\n")
    (tmp_path / "data" / "blobs").mkdir()
    write_key(tmp_path / "log.key", ORIGIN, SEED)
    return tmp_path / "data"


def findings(log, **options):
    return verify(open_source(str(log)), Signer(ORIGIN, SEED).verifier, workers=0, **options).findings


def test_the_copy_of_an_honest_log_is_fine(data, tmp_path):
    copy = copy_log(data, tmp_path / "copy")
    assert findings(copy) == []


def test_the_changed_byte_is_the_only_difference(data, tmp_path):
    copy = copy_log(data, tmp_path / "copy")
    changed = change_one_byte(copy, 270, b"mallory", b"malgory")
    before, after = read_entries(data / "logs" / "default"), read_entries(copy)
    assert changed.path == "tile/entries/001.p/44"
    assert [n for n in range(300) if before[n] != after[n]] == [270]
    assert {f.index for f in findings(copy) if f.index is not None} == {270}


def test_a_change_of_more_than_one_byte_is_no_attack(data, tmp_path):
    copy = copy_log(data, tmp_path / "copy")
    with pytest.raises(AssertionError):
        change_one_byte(copy, 270, b"mallory", b"charlie")


def test_the_forgery_is_perfect_by_itself(data, tmp_path):
    copy = copy_log(data, tmp_path / "copy")
    assert rebuild_without(copy, 270, tmp_path / "log.key") == 300
    assert findings(copy) == []


def test_the_forgery_lacks_the_entry(data, tmp_path):
    copy = copy_log(data, tmp_path / "copy")
    rebuild_without(copy, 270, tmp_path / "log.key")
    assert entry(270) not in read_entries(copy)


def test_a_checkpoint_kept_elsewhere_convicts_the_forgery(data, tmp_path):
    copy = copy_log(data, tmp_path / "copy")
    rebuild_without(copy, 270, tmp_path / "log.key")
    (fork,) = findings(copy, known=[(data / "logs" / "default" / "checkpoint").read_bytes()])
    assert len(fork.evidence) == 2
