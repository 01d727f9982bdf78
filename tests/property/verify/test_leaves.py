"""The hot loop does what `tlog.bundle` and `tlog.hashing` do, and the container and compression are inverse."""

import contextlib
import io

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.verify_logs import rest_compressed

from graven.errors import InvalidInput
from graven.tlog.bundle import decode_bundle, encode_bundle
from graven.tlog.merkle import leaf_hashes
from graven.verify.attachments import entry_references, references_in_event
from graven.verify.compressed import plain_bundle
from graven.verify.container import ArchiveWriter, read_members
from graven.verify.leaves import leaf_hashes_of, prefix_of

entries = st.lists(st.binary(max_size=700), max_size=20)
quick = settings(max_examples=200, deadline=None)


@quick
@given(entries)
def test_leaf_hashes_agree_with_the_plain_definition(made: list[bytes]):
    assert leaf_hashes_of(encode_bundle(made), len(made)) == b"".join(leaf_hashes(made))


@quick
@given(st.binary(max_size=300), st.integers(0, 30))
def test_a_bundle_is_accepted_by_both_decoders_or_by_none(data: bytes, count: int):
    try:
        expected = b"".join(leaf_hashes(decode_bundle(data, count)))
    except InvalidInput:
        expected = None
    try:
        found = leaf_hashes_of(data, count)
    except InvalidInput:
        found = None
    assert found == expected


@quick
@given(entries, st.integers(0, 25))
def test_a_prefix_is_the_encoding_of_fewer_entries(made: list[bytes], count: int):
    try:
        found = prefix_of(encode_bundle(made), count)
    except InvalidInput:
        assert count > len(made)
    else:
        assert found == encode_bundle(made[:count])


@quick
@given(entries)
def test_a_bundle_survives_compression(made: list[bytes]):
    plain = encode_bundle(made)
    assert plain_bundle(rest_compressed(plain), len(made)) == plain
    assert plain_bundle(plain, len(made)) == plain


@quick
@given(st.binary(max_size=200), st.integers(0, 256))
def test_anything_is_a_bundle_or_invalid_input(data: bytes, count: int):
    for start in (b"", bytes.fromhex("1f8b08000000000000ff")):
        with contextlib.suppress(InvalidInput):
            plain_bundle(start + data, count)


@quick
@given(st.dictionaries(st.from_regex(r"[a-z0-9/.]{1,60}", fullmatch=True), st.binary(max_size=2000), max_size=6))
def test_an_archive_gives_back_what_was_put_in(files: dict[str, bytes]):
    stream = io.BytesIO()
    writer = ArchiveWriter(stream)
    for name, content in files.items():
        writer.add(name, content)
    writer.close()
    stream.seek(0)
    assert {member.name: member.read(4000) for member in read_members(stream)} == files


@quick
@given(st.binary(max_size=3000))
def test_anything_is_an_archive_or_invalid_input(data: bytes):
    for start in (b"", bytes.fromhex("1f8b08000000000000ff")):
        try:
            for member in read_members(io.BytesIO(start + data)):
                member.read(1 << 20)
        except InvalidInput:
            pass


@quick
@given(st.binary(max_size=300))
def test_looking_for_references_never_fails(data: bytes):
    for spelled in (data, b'{"attachments":' + data + b"}", b'{"v":1,"blob":{"digest":"sha256:' + data):
        entry_references(spelled)
        references_in_event(spelled)
