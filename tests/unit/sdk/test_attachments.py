"""What waits for the server on disk: bounded, by digest, found by the batch that names it."""

import hashlib
import os
import stat

import pytest

from graven.errors import StorageFailed, TooLarge
from graven.sdk.attachments import AttachmentStore
from graven.sdk.spoolroot import SpoolRoot


@pytest.fixture
def root(tmp_path):
    return SpoolRoot(tmp_path / "spool", "d" * 16, 1000, 1000)


@pytest.fixture
def store(root):
    return AttachmentStore(root, limit_bytes=500)


def files(store):
    return [path for path in store._root.root.rglob("*") if path.is_file()]


def test_content_is_kept_once_under_its_digest_for_the_user_alone(store):
    digest, size = store.keep(b"shot")
    assert (digest, size) == (f"sha256:{hashlib.sha256(b'shot').hexdigest()}", 4)
    assert store.keep(b"shot") == (digest, size)
    (path,) = files(store)
    assert path.read_bytes() == b"shot"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_only_what_a_text_names_is_found_in_it(store):
    named, _ = store.keep(b"one")
    store.keep(b"two")
    assert [digest for digest, _ in store.named_in(b'{"digest":"%b"}' % named.encode())] == [named]


def test_content_above_the_limit_is_refused_and_leaves_nothing(store):
    with pytest.raises(TooLarge):
        store.keep(b"x" * 501)
    assert files(store) == []


def test_content_beyond_the_bound_of_the_spool_is_refused_and_leaves_nothing(store):
    store.keep(b"x" * 400)
    store.keep(b"y" * 400)
    with pytest.raises(StorageFailed):
        store.keep(b"z" * 400)
    assert len(files(store)) == 2


def test_a_file_that_a_stopped_machine_left_short_is_written_again(store):
    store.keep(b"whole")
    (path,) = files(store)
    path.write_bytes(b"wh")
    store.keep(b"whole")
    assert path.read_bytes() == b"whole"


def test_what_nobody_named_for_long_is_forgotten_and_the_rest_is_not(store):
    store.keep(b"old")
    (old,) = files(store)
    os.utime(old, (0, 0))
    new, _ = store.keep(b"new")
    store.forget_old()
    assert [f"sha256:{path.name}" for path in files(store)] == [new]


def test_a_store_without_a_folder_is_empty(store):
    assert store.is_empty()
    store.keep(b"x")
    assert not store.is_empty()
