from collections import Counter

from graven.event.mappers.ordinals import Ordinals


def test_occurrences_are_counted_as_a_counter_does_also_beyond_the_first_table():
    ordinals, counter = Ordinals(), Counter()
    for number in range(300_000):
        key = ("c", number % 170_000)
        assert ordinals.next(key) == counter[key]
        counter[key] += 1
