"""The plain driver of runs gives the files and the answers of the numpy one."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from graven.log import runs_numpy, runs_plain

# few first halves, so that equal ones occur and the second half decides
_KEYS = st.lists(
    st.one_of(
        st.binary(min_size=16, max_size=16),
        st.builds(
            lambda a, b: a * 8 + b, st.sampled_from([b"\0", b"\x80", b"\xff"]), st.binary(min_size=8, max_size=8)
        ),
    ),
    unique=True,
    min_size=2,
    max_size=60,
)


@settings(max_examples=40, deadline=None)
@given(keys=_KEYS, first=st.integers(0, 2**63))
def test_both_drivers_write_the_same_file_and_find_the_same_keys(keys: list[bytes], first: int) -> None:
    kept = keys[: len(keys) // 2]
    digests = b"".join(key[::-1] for key in kept)
    with TemporaryDirectory() as one, TemporaryDirectory() as two:
        plain = runs_plain.write_run(Path(one), first, b"".join(kept), digests)
        array = runs_numpy.write_run(Path(two), first, b"".join(kept), digests)
        assert plain.read_bytes() == array.read_bytes()
        found = runs_plain.Run(array).find(keys)
        assert found == runs_numpy.Run(plain).find(keys)
        assert found.keys() == set(kept)


@given(keys=_KEYS)
@settings(max_examples=40, deadline=None)
def test_both_filters_suspect_the_same_keys(keys: list[bytes]) -> None:
    kept = b"".join(keys[: len(keys) // 2])
    plain, array = runs_plain.KeyFilter(8), runs_numpy.KeyFilter(8)
    plain.add(*runs_plain.split_keys(kept))
    array.add(*runs_numpy.split_keys(kept))
    asked = b"".join(keys)
    assert plain.may_hold(*runs_plain.split_keys(asked)) == array.may_hold(*runs_numpy.split_keys(asked)).tolist()
