"""Widths of histogram buckets that people can read. Pure, and without NumPy: folders are counted by scanning, too."""

from typing import Final

__all__ = ["width_for"]

_S: Final = 1_000_000_000
_WIDTHS: Final = (
    *(n * 1_000_000 for n in (1, 2, 5, 10, 20, 50, 100, 200, 500)),
    *(n * _S for n in (1, 2, 5, 10, 15, 30)),
    *(n * 60 * _S for n in (1, 2, 5, 10, 15, 30)),
    *(n * 3_600 * _S for n in (1, 2, 3, 6, 12)),
    *(n * 86_400 * _S for n in (1, 2, 7, 14, 30, 90, 365, 3_650)),
)


def width_for(span_ns: int, buckets: int) -> int:
    """The narrowest round width by which that many buckets (two or more) cover the span, wherever it begins.

    Each bucket begins at a multiple of the width.
    """
    decades = span_ns // (_WIDTHS[-1] * (buckets - 1)) + 1  # as many as it takes where no round width is enough
    return next((width for width in _WIDTHS if span_ns // width + 2 <= buckets), _WIDTHS[-1] * decades)
