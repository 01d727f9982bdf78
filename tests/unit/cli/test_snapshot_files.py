"""Files of a folder as a snapshot tells them."""

import hashlib
import io
import os

import pytest

from graven.cli.access.ports import StoredBlob
from graven.cli.snapshot.files import Folder


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "sub" / "cache").mkdir(parents=True)
    (tmp_path / "a.conf").write_bytes(b"debug = on\n")
    (tmp_path / "a.conf").chmod(0o640)
    (tmp_path / "sub" / "b.log").write_text("x")
    (tmp_path / "sub" / "cache" / "c").write_text("y")
    return tmp_path


def told(tree, **given):
    folder = Folder(tree, name="etc", **given)
    return {thing.id: thing for thing in folder.things()}, folder


def test_a_file_is_told_with_size_digest_permissions_and_time(tree):
    os.utime(tree / "a.conf", ns=(0, 1_000_000_001))
    things, _ = told(tree)
    assert things["etc/a.conf"].state == {
        "kind": "file",
        "mode": "0640",
        "size": 11,
        "digest": f"sha256:{hashlib.sha256(b'debug = on' + bytes([10])).hexdigest()}",
        "modified": "1970-01-01T00:00:01.000000001Z",
        "uid": os.getuid(),
        "gid": os.getgid(),
    }


def test_folders_come_before_what_they_hold_in_the_order_of_names(tree):
    assert list(told(tree)[0]) == ["etc/a.conf", "etc/sub", "etc/sub/b.log", "etc/sub/cache", "etc/sub/cache/c"]


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("*.log", ["etc/a.conf", "etc/sub", "etc/sub/cache", "etc/sub/cache/c"]),
        ("cache", ["etc/a.conf", "etc/sub", "etc/sub/b.log"]),
        ("sub/*", ["etc/a.conf", "etc/sub"]),
    ],
)
def test_a_pattern_leaves_out_names_and_paths(tree, pattern, left):
    assert list(told(tree, exclude=[pattern])[0]) == left


def test_a_link_is_told_and_not_followed(tree):
    (tree / "link").symlink_to("/etc")
    (tree / "loop").symlink_to(".")
    things, _ = told(tree)
    assert things["etc/link"].state["target"] == "/etc"
    assert [name for name in things if name.startswith(("etc/link/", "etc/loop/"))] == []


def test_a_pipe_is_told_and_not_read(tree):
    os.mkfifo(tree / "pipe")
    assert told(tree)[0]["etc/pipe"].state["kind"] == "pipe"


def test_a_file_that_goes_while_we_look_is_listed(tree):
    folder = Folder(tree, name="etc")
    things = folder.things()
    next(things)
    assert next(things).id == "etc/sub"
    listed = next(things)
    assert listed.id == "etc/sub/b.log"
    (tree / "sub" / "cache" / "c").unlink()
    (tree / "sub" / "cache").rmdir()
    assert list(things) == []
    assert folder.vanished.told() == {"count": 1, "names": ["sub/cache"]}


def test_a_name_that_is_no_text_is_spelled_out(tree):
    (tree / os.fsdecode(b"caf\xe9")).write_text("z")
    assert "etc/caf\\xe9" in told(tree)[0]


def test_small_files_are_kept(tree):
    kept = []

    def put(stream: io.BytesIO) -> StoredBlob:
        data = stream.read()
        kept.append(data)
        return StoredBlob(f"sha256:{hashlib.sha256(data).hexdigest()}", len(data))

    things, _ = told(tree, keep_bytes=5, put_blob=put)
    assert kept == [b"x", b"y"]
    assert things["etc/sub/b.log"].attachments[0]["digest"] == things["etc/sub/b.log"].state["digest"]
    assert things["etc/a.conf"].attachments == []


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs an endless device")
def test_a_device_that_took_the_place_of_a_file_is_not_read(tree, monkeypatch):
    opened = os.open
    monkeypatch.setattr(os, "open", lambda path, flags: opened("/dev/zero", flags))
    things, folder = told(tree, exclude=["sub"])
    assert things == {}
    assert folder.vanished.told() == {"count": 1, "names": ["a.conf"]}
