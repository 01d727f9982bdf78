"""The vendored modules are what their README says, and nothing else lies beside them."""

import hashlib
import re
from pathlib import Path

VENDOR = Path(__file__).parents[3] / "src" / "graven" / "web" / "vendor"


def listed() -> dict[str, str]:
    rows = re.findall(
        r"^\| `([^`]+)` \| [\d,]+ \| `([0-9a-f]{64})` \|$", (VENDOR / "README.md").read_text(), re.MULTILINE
    )
    return dict(rows)


def test_every_file_has_the_digest_in_the_readme() -> None:
    found = {name: hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() for name in listed()}
    assert found == listed()
    assert len(found) > 10


def test_nothing_lies_beside_them_but_declarations_of_types() -> None:
    files = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()}
    beside = files - set(listed()) - {"README.md"}
    assert all(name.endswith(".d.ts") for name in beside), beside


def test_every_package_has_its_licence() -> None:
    packages = re.findall(r"^\| (@?[a-z0-9/-]+) [\d.]+ \|", (VENDOR / "README.md").read_text(), re.MULTILINE)
    assert len(packages) == 7
    for package in packages:
        assert (VENDOR / "licences" / f"{package.replace('@', '').replace('/', '-')}.txt").stat().st_size > 500


def test_no_module_imports_by_a_bare_name() -> None:
    for path in VENDOR.rglob("*.js"):
        code = re.sub(r"/\*.*?\*/|^\s*//.*$", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
        assert not re.findall(r"""\b(?:from|import) ?["']([^."'/][^"']*)["']""", code), path
