import gzip
import io
import tarfile
import zlib

import pytest

from graven.errors import InvalidInput, TooLarge
from graven.verify.container import FOLDER, ArchiveWriter, read_members

FILES = {"README.txt": b"hello\n", "empty": b"", "entries/0.json": b"{}" * 300, "big": bytes(range(256)) * 4000}


def packed(files: dict[str, bytes] = FILES) -> bytes:
    stream = io.BytesIO()
    writer = ArchiveWriter(stream)
    for name, content in files.items():
        writer.add(name, content)
    writer.close()
    return stream.getvalue()


def unpacked(data: bytes) -> dict[str, bytes]:
    return {member.name: member.read(1 << 30) for member in read_members(io.BytesIO(data))}


def repacked(tar: bytes) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = deflate.compress(tar) + deflate.flush()
    trailer = zlib.crc32(tar).to_bytes(4, "little") + len(tar).to_bytes(4, "little")
    return bytes.fromhex("1f8b08000000000000ff") + body + trailer


def test_what_is_packed_is_unpacked_in_order():
    assert list(unpacked(packed()).items()) == list(FILES.items())


def test_equal_content_gives_equal_bytes():
    assert packed() == packed()


def test_any_tar_program_reads_it():
    with tarfile.open(fileobj=io.BytesIO(packed()), mode="r:gz") as archive:
        members = archive.getmembers()
        assert [member.name for member in members] == [FOLDER + name for name in FILES]
        assert all(member.isreg() and member.mode == 0o644 and member.mtime == 0 for member in members)
        extracted = archive.extractfile(members[-1])
        assert extracted is not None
        assert extracted.read() == FILES["big"]


def test_a_member_may_be_left_unread():
    assert [member.name for member in read_members(io.BytesIO(packed()))] == list(FILES)


def test_a_member_is_read_up_to_a_limit():
    (member,) = read_members(io.BytesIO(packed({"x": b"12345"})))
    with pytest.raises(InvalidInput, match="at most 4"):
        member.read(4)


def test_every_flipped_bit_of_the_tar_is_refused_or_content():
    tar = gzip.decompress(packed({"a": b"content"}))
    for position in range(len(tar)):
        altered = bytearray(tar)
        altered[position] ^= 1 << position % 8
        try:
            files = unpacked(repacked(bytes(altered)))
        except InvalidInput:
            continue
        assert files.keys() == {"a"}
        assert files["a"] != b"content"
        assert 512 <= position < 519


@pytest.mark.parametrize("position", [*range(10), *range(-8, 0)])
def test_every_flipped_bit_of_header_and_trailer_is_refused(position: int):
    altered = bytearray(packed())
    altered[position] ^= 0x10
    with pytest.raises(InvalidInput):
        unpacked(bytes(altered))


@pytest.mark.parametrize("cut", [1, 7, 8, 9, 100, 1000])
def test_a_cut_archive_is_refused(cut: int):
    with pytest.raises(InvalidInput):
        unpacked(packed()[:-cut])


@pytest.mark.parametrize("junk", [b"\0", packed()])
def test_nothing_may_follow(junk: bytes):
    with pytest.raises(InvalidInput):
        unpacked(packed() + junk)


@pytest.mark.parametrize("more", [bytes(512), bytes(10240 - 2560), b"x" * 512])
def test_nothing_may_follow_inside_the_gzip_member_either(more: bytes):
    with pytest.raises(InvalidInput):
        unpacked(repacked(gzip.decompress(packed({"a": b"content"})) + more))


def test_an_ordinary_tar_is_refused():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(FOLDER + "a"), io.BytesIO())
    with pytest.raises(InvalidInput):
        unpacked(repacked(stream.getvalue()))


def test_a_stream_must_have_the_size_that_was_announced():
    writer = ArchiveWriter(io.BytesIO())
    for chunks in ([b"12"], [b"12", b"34"]):
        with pytest.raises(InvalidInput, match="announced"):
            writer.add_stream("x", 3, chunks)


def test_what_a_tar_header_cannot_say_is_refused():
    writer = ArchiveWriter(io.BytesIO())
    with pytest.raises(TooLarge):
        writer.add("x" * 100, b"")
    with pytest.raises(TooLarge):
        writer.add_stream("x", 8**11, [])
