"""Card numbers: found when everything fits, left alone when they could be anything else."""

import random
import uuid

import pytest

from graven.event.redact.cards import contains_card, is_card

CARDS = [
    "4111111111111111",
    "4012888888881881",
    "5555555555554444",
    "5105105105105100",
    "2223003122003222",
    "378282246310005",
    "371449635398431",
    "30569309025904",
    "38520000023237",
    "6011111111111117",
    "6011000990139424",
    "3530111333300000",
    "6200000000000005",
]


def grouped(digits: str, separator: str) -> str:
    sizes = {16: (4, 4, 4, 4), 15: (4, 6, 5), 14: (4, 6, 4)}[len(digits)]
    parts, at = [], 0
    for size in sizes:
        parts.append(digits[at : at + size])
        at += size
    return separator.join(parts)


@pytest.mark.parametrize("card", CARDS)
def test_published_test_numbers_are_cards(card):
    assert is_card(card)


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("separator", ["", " ", "-"])
@pytest.mark.parametrize(
    "text", ["{}", "card {} declined", "({})", "pan={},", "é{}é", "{}.", "paid with {}. Thanks", "a\n{}\tb"]
)
def test_a_card_is_found_in_text(card, separator, text):
    assert contains_card(text.format(grouped(card, separator)))


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("delta", range(1, 10))
def test_a_wrong_check_digit_is_no_card(card, delta):
    assert not is_card(card[:-1] + str((int(card[-1]) + delta) % 10))


@pytest.mark.parametrize(
    "text",
    [
        "x4111111111111111",
        "4111111111111111x",
        "04111111111111111",
        "41111111111111110",
        "0.4111111111111111",
        "4111111111111111.5",
        "v1-4111111111111111",
        "4111111111111111-a",
        "id_4111111111111111",
        "4111 11111111 1111",
        "4111-1111 1111-1111",
        "4111  1111  1111  1111",
        "1111111111111111",
        "0000000000000000",
        "4444444444444444",
        "41111111-1111-1111-1111-111111111111",
        "9411111111111111",
        "4222222222222",
    ],
)
def test_what_could_be_something_else_is_left_alone(text):
    assert not contains_card(text)


def test_hashes_uuids_and_times_survive():
    rng = random.Random(7)
    for _ in range(20_000):
        assert not contains_card(str(uuid.UUID(int=rng.getrandbits(128), version=4)))
        assert not contains_card(f"{rng.getrandbits(256):064x}")
        assert not contains_card(str(1_700_000_000_000_000_000 + rng.getrandbits(56)))
        assert not contains_card(f"took {rng.random()!r} s")
