"""Text from elsewhere that does nothing to a terminal but be read.

Entries, names of files and answers of servers are written by whoever is on record, perhaps by whoever tampered
with it: an escape sequence in them could wipe a finding off the screen, and a direction mark could turn it round.
"""

import re

__all__ = ["printable"]

# C0 without tab and newline, DEL, C1, marks and overrides of direction, line separators, lone surrogates
_ACTIVE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """The text with every character that acts instead of being shown spelled as an escape, `\\u001b`."""
    return _ACTIVE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
