"""Proofs, good and bad, that other implementations agreed on: 98 of inclusion and 98 of consistency."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from tests.support.tlog_samples import VECTORS

from graven.errors import InvalidInput
from graven.tlog.merkle import EMPTY_ROOT, verify_consistency, verify_inclusion

INCLUSION = sorted((VECTORS / "merkle" / "inclusion").rglob("*.json"))
CONSISTENCY = sorted((VECTORS / "merkle" / "consistency").rglob("*.json"))


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def hashes(probe: dict[str, Any]) -> list[bytes]:
    return [b64decode(one) for one in probe["proof"] or []]


def test_all_probes_are_there() -> None:
    assert (len(INCLUSION), len(CONSISTENCY)) == (98, 98)


@pytest.mark.parametrize("path", INCLUSION, ids=name_of)
def test_inclusion_probe(path: Path) -> None:
    probe = json.loads(path.read_text())
    arguments = (
        probe["leafIdx"],
        probe["treeSize"],
        b64decode(probe["leafHash"]),
        hashes(probe),
        b64decode(probe["root"]),
    )
    if probe["wantErr"]:
        with pytest.raises(InvalidInput) as caught:
            verify_inclusion(*arguments)
        assert caught.value.code == "invalid_proof"
    else:
        verify_inclusion(*arguments)


@pytest.mark.parametrize("path", CONSISTENCY, ids=name_of)
def test_consistency_probe(path: Path) -> None:
    probe = json.loads(path.read_text())
    arguments = (
        probe["size1"],
        probe["size2"],
        hashes(probe),
        b64decode(probe["root1"]),
        b64decode(probe["root2"]),
    )
    if probe["wantErr"]:
        with pytest.raises(InvalidInput) as caught:
            verify_consistency(*arguments)
        assert caught.value.code == "invalid_proof"
    else:
        verify_consistency(*arguments)


def test_from_size_0_only_an_empty_proof_from_the_empty_root_is_accepted() -> None:
    verify_consistency(0, 0, [], EMPTY_ROOT, EMPTY_ROOT)
    verify_consistency(0, 5, [], EMPTY_ROOT, b"r" * 32)
    for arguments in [
        (0, 5, [b"h" * 32], EMPTY_ROOT, b"r" * 32),
        (0, 5, [], b"r" * 32, b"r" * 32),
        (0, 0, [], EMPTY_ROOT, b"r" * 32),
    ]:
        with pytest.raises(InvalidInput):
            verify_consistency(*arguments)
