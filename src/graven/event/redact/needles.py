"""Many short texts sought in one long one, most of which are not there.

A needle that is part of others is sought first: where it is missing, so are they.
"""

from collections.abc import Mapping

__all__ = ["Needles"]


class Needles:
    """`bits` says what each needle stands for. Thread-safe."""

    def __init__(self, bits: Mapping[bytes, int]) -> None:
        self.bits = dict(bits)
        roots = [needle for needle in bits if not any(other != needle and other in needle for other in bits)]
        self._parts = [(root, [needle for needle in bits if root in needle and needle != root]) for root in roots]

    def present(self, text: bytes) -> list[bytes]:
        """The needles that stand in the text, each once."""
        found: dict[bytes, None] = {}
        for root, longer in self._parts:
            if root in text:
                found[root] = None
                found.update((needle, None) for needle in longer if needle in text)
        return list(found)

    def found(self, text: bytes) -> int:
        """The bits of all needles that stand in the text."""
        bits = 0
        for root, longer in self._parts:
            if root in text:
                bits |= self.bits[root]
                for needle in longer:
                    if needle in text:
                        bits |= self.bits[needle]
        return bits
