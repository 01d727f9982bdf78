"""Payment card numbers, soberly: a false alarm destroys an id, so everything has to fit.

A number stands between non-alphanumerics and is no part of a dotted or dashed word (UUIDs, decimals,
versions), has the length and prefix of a known issuer, is grouped as cards are, and its check digit
(ISO/IEC 7812-1, Luhn) is right. Numbers of 13 and 19 digits are left alone: they are article numbers,
epoch times and cloud ids far more often than cards.
"""

import re
from typing import Final

__all__ = ["CANDIDATE", "contains_card", "is_card"]

CANDIDATE: Final = re.compile(
    r"(?<![0-9A-Za-z])(?<![0-9A-Za-z][-._])"
    r"(?:[2-6]\d{3}([ -]?)\d{4}\1\d{4}\1\d{4}"  # 16 digits: 4-4-4-4
    r"|3[47]\d{2}([ -]?)\d{6}\2\d{5}"  # 15: 4-6-5
    r"|3(?:0[0-5]|[689]\d)\d([ -]?)\d{6}\3\d{4})"  # 14: 4-6-4
    r"(?![0-9A-Za-z])(?![-._][0-9A-Za-z])",
    re.ASCII,
)
_ISSUER: Final = re.compile(
    r"4\d{15}"  # Visa
    r"|5[1-5]\d{14}|2(?:2(?:2[1-9]|[3-9]\d)|[3-6]\d\d|7(?:[01]\d|20))\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11}"  # Diners Club
    r"|(?:6011|65\d\d|64[4-9]\d)\d{12}"  # Discover
    r"|35(?:2[89]|[3-8]\d)\d{12}"  # JCB
    r"|62\d{14}",  # UnionPay
    re.ASCII,
)
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def is_card(digits: str) -> bool:
    """Whether bare digits are a card number: issuer prefix, length and check digit."""
    if _ISSUER.fullmatch(digits) is None:
        return False
    total = sum(map(int, digits[-1::-2])) + sum(_DOUBLED[int(digit)] for digit in digits[-2::-2])
    return total % 10 == 0 and len(set(digits)) > 1


def contains_card(text: str) -> bool:
    """Whether a card number stands somewhere in `text`."""
    return any(is_card(re.sub("[ -]", "", match.group())) for match in CANDIDATE.finditer(text))
