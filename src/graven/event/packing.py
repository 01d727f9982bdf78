"""A prepared batch as four runs of bytes and a small rest, to hand it from one process to another.

    tails, one after the other │ keys │ digests │ sizes of the tails (uint32, this machine's order) │ rest (MessagePack)

It is a private format between two processes of one program on one machine: never stored, never sent.
"""

from array import array
from itertools import accumulate, pairwise

import msgspec

from graven.errors import InvalidInput
from graven.event.batch import DIGEST_SIZE, PreparedBatch

__all__ = ["Packed", "pack", "unpack"]


class _Rest(msgspec.Struct, array_like=True):
    made_ids: dict[int, str]
    blobs: dict[str, bytes]
    attachments: list[tuple[int, str, int]]
    redacted: int
    quarantined: int


class Packed(msgspec.Struct, array_like=True, frozen=True):
    """Bytes of the runs, in order; `count` events."""

    count: int
    tails: int
    rest: int

    @property
    def size_bytes(self) -> int:
        return self.tails + self.count * (2 * DIGEST_SIZE + 4) + self.rest


_TAIL_START = b',"by":{'
_TAIL_END = 0x7D  # }
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Rest).decode


def pack(batch: PreparedBatch) -> tuple[Packed, list[bytes]]:
    """The lengths of the runs, and the runs."""
    rest = _encode(_Rest(batch.made_ids, batch.blobs, batch.attachments, batch.redacted, batch.quarantined))
    sizes = array("I", map(len, batch.tails))
    runs = [b"".join(batch.tails), b"".join(batch.keys), b"".join(batch.digests), sizes.tobytes(), rest]
    return Packed(len(batch), len(runs[0]), len(rest)), runs


def unpack(packed: Packed, data: bytes) -> PreparedBatch:
    """The inverse of `pack`, from all runs as one piece of `packed.size_bytes` bytes.

    InvalidInput for bytes that `pack` did not make: this is the last gate before they become entries.
    """
    if len(data) != packed.size_bytes:
        raise InvalidInput(f"a packed batch has {len(data)} bytes, expected {packed.size_bytes}")
    count = packed.count
    keys = packed.tails
    digests = keys + count * DIGEST_SIZE
    numbers = digests + count * DIGEST_SIZE
    end = numbers + count * 4
    sizes = array("I")
    sizes.frombytes(data[numbers:end])
    tails = [data[start:stop] for start, stop in pairwise(accumulate(sizes, initial=0))]
    if sum(sizes) != packed.tails or not all(tail.startswith(_TAIL_START) and tail[-1] == _TAIL_END for tail in tails):
        raise InvalidInput("a packed batch holds something that is no entry")
    try:
        rest = _decode(data[end:])
    except msgspec.MsgspecError as error:
        raise InvalidInput(f"a packed batch ends in something else: {error}") from error
    return PreparedBatch(
        tails,
        [data[at : at + DIGEST_SIZE] for at in range(keys, digests, DIGEST_SIZE)],
        [data[at : at + DIGEST_SIZE] for at in range(digests, numbers, DIGEST_SIZE)],
        rest.made_ids,
        rest.blobs,
        rest.attachments,
        rest.redacted,
        rest.quarantined,
    )
