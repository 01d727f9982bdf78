import pytest
from tests.support.log_world import World, numbered

from graven.errors import NotFound, Tampered
from graven.log.tree import Tree, bundle_prefix
from graven.tlog.bundle import encode_bundle
from graven.tlog.merkle import leaf_hashes
from graven.tlog.tiles import TilePath


@pytest.fixture
def world(tmp_path) -> World:
    world = World(tmp_path)
    world.open()
    world.append(numbered(0, 300))
    world.running.integrator.round()
    return world


@pytest.mark.parametrize("width", [1, 17, 44, 255, 256])
def test_any_width_is_answered_from_the_full_tile(world: World, width: int) -> None:
    entries = world.entries()[:width]
    assert world.running.object(TilePath(-1, 0, width)) == encode_bundle(entries)
    assert world.running.object(TilePath(0, 0, width)) == b"".join(leaf_hashes(entries))


@pytest.mark.parametrize("width", [1, 17, 44])
def test_any_width_is_answered_from_a_wider_partial(world: World, width: int) -> None:
    entries = world.entries()[256 : 256 + width]
    assert world.running.object(TilePath(-1, 1, width)) == encode_bundle(entries)
    assert world.running.object(TilePath(0, 1, width)) == b"".join(leaf_hashes(entries))


@pytest.mark.parametrize(
    "path", [TilePath(0, 1, 45), TilePath(-1, 1, 256), TilePath(1, 0, 2), TilePath(2, 0, 1), TilePath(0, 9, 1)]
)
def test_nothing_beyond_the_published_size_is_shown(world: World, path: TilePath) -> None:
    assert world.running.object(path) is None


def test_a_tile_that_is_gone_is_tampering_and_not_absence(world: World) -> None:
    del world.disk.objects["tile/0/000"]
    with pytest.raises(Tampered):
        world.running.object(TilePath(0, 0, 256))
    with pytest.raises(Tampered):
        world.running.proof(20)


def test_entries_beyond_the_log_are_not_found(world: World) -> None:
    for index in (-1, 300):
        with pytest.raises(NotFound):
            world.running.entry(index)
        with pytest.raises(NotFound):
            world.running.proof(index)
    assert list(world.running.entries(298, 400)) == world.entries()[298:]


def test_a_committed_entry_without_a_proof_yet_says_so(world: World) -> None:
    world.append(numbered(300, 1))
    with pytest.raises(NotFound) as caught:
        world.running.proof(300)
    assert caught.value.code == "not_published"


def test_a_bundle_too_short_for_the_width_is_tampered() -> None:
    data = encode_bundle([b"ab", b"c"])
    assert bundle_prefix(data, 1) == encode_bundle([b"ab"])
    for cut, width in ((data, 3), (data[:-1], 2), (data[:5], 2)):
        with pytest.raises(Tampered):
            bundle_prefix(cut, width)


def test_cached_bundles_are_bounded_by_their_bytes(world: World, monkeypatch) -> None:
    world.append(numbered(300, 3 * 256))
    world.running.integrator.round()
    reading = Tree(world.running.tree._objects)
    one = sum(map(len, reading.bundle(0, 1_068))) + 41 * 256
    monkeypatch.setattr("graven.log.tree._CACHED_BYTES", 2 * one + one // 2)
    for index in (1, 0, 2, 3):
        reading.bundle(index, 1_068)
    assert list(reading._bundles) == [2, 3]
    monkeypatch.setattr("graven.log.tree._CACHED_BYTES", 0)
    assert len(Tree(world.running.tree._objects).bundle(0, 1_068)) == 256
