"""Keys, valid documents and mutations that several tests of `graven.tlog` share."""

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from graven.tlog.checkpoint import Checkpoint, sign_checkpoint
from graven.tlog.cosignature import Cosigner
from graven.tlog.keys import Signer, VerifierKey
from graven.tlog.note import add_signatures

VECTORS = Path(__file__).parents[1] / "vectors"
TLOG300 = VECTORS / "tlog300"
KEYS: dict[str, Any] = json.loads((TLOG300 / "keys_roots.json").read_text())["keys"]
ORIGIN = KEYS["origin"]
LOG = Signer(ORIGIN, bytes(range(32)))
WITNESS = Cosigner("witness.example/w1", bytes(range(32, 64)))
LOG_KEY = VerifierKey.parse(KEYS["log_vkey"])
WITNESS_KEY = VerifierKey.parse(KEYS["w1_vkey"])
WITNESS_TIME_S = 0x6AB13BBC
"""When the witness of the vectors cosigned, in Unix seconds."""

# no example is a failure because a busy machine was slow
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
soak = settings(max_examples=30_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])

NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Z", "Cc"], exclude_characters="+"), min_size=1, max_size=40
)
HASHES = st.binary(min_size=32, max_size=32)
SIZES = st.integers(1, 2**63 - 1) | st.integers(1, 1000)


@st.composite
def checkpoint_notes(draw: st.DrawFn) -> bytes:
    """A signed checkpoint of any log, perhaps cosigned."""
    origin = draw(NAMES)
    checkpoint = Checkpoint(origin, draw(SIZES), draw(HASHES))
    data = sign_checkpoint(checkpoint, Signer(origin, draw(HASHES)))
    if draw(st.booleans()):
        witness = Cosigner(draw(NAMES), draw(HASHES))
        data = add_signatures(data, [witness.cosign(checkpoint.text, draw(st.integers(0, 2**63 - 1)))])
    return data


# what a lenient parser forgives: spaces, signs, padding, other digits, other line ends, other dashes
TEMPTING = [b" ", b"\n", b"\r\n", b"\t", b"\0", b"0", b"+", b"-", b"=", b"_", b"A", b"a", b"/", b"x000/", b".p/1"] + [
    text.encode() for text in ("\u00a0", "\u2028", "\x85", "٣", "\N{EM DASH} ", "\ufeff")
]


@st.composite
def mutated(draw: st.DrawFn, originals: st.SearchStrategy[bytes]) -> bytes:
    """A valid document with one to three small changes."""
    data = draw(originals)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        stop = min(len(data), start + draw(st.sampled_from([0, 0, 1, 1, 2, 5, 40])))
        piece = draw(st.sampled_from(TEMPTING) | st.binary(max_size=3) | st.just(data[start:stop] * 2))
        data = data[:start] + piece + data[stop:]
    return data
