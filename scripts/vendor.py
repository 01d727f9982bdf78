"""Makes src/graven/web/vendor from npm: the modules that the pages use, so that nothing is fetched at run time.

    python scripts/vendor.py            writes the files and their README
    python scripts/vendor.py --check    exit code 1 when a file is not what the packages hold

Each package is asked for by version and checked against the SHA-512 written here. Two things are changed in its
files and nothing else: bare imports become relative ones (an import map would need an inline script, and the
content security policy allows none), and references to source maps go.
"""

import base64
import hashlib
import io
import re
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "src" / "graven" / "web" / "vendor"

IMPORTS = {
    "preact": "./preact.js",
    "preact/hooks": "./preact-hooks.js",
    "@preact/signals-core": "./signals-core.js",
}
_IMPORT = re.compile(r'(\bfrom ?|\bimport ?)"([^"./][^"]*)"')
_SOURCE_MAP = re.compile(r"\n?//# sourceMappingURL=\S+\n?")


@dataclass(frozen=True)
class Package:
    """`files` maps a path in the package to the name here; `append` goes behind each module."""

    name: str
    version: str
    integrity: str
    what: str
    files: dict[str, str]
    append: str = ""


PACKAGES = (
    Package(
        "preact", "11.2.0",
        "sha512-/HfHI/7N84e6GrWBJ3J280z3mLaRJiDcSvj/A+y/4AbLnND/1UlGHe1sR6oYuTGwId0nP7dqDU9OnLxMPZ7xBg==",
        "components",
        {"dist/preact.mjs": "preact.js", "hooks/dist/hooks.mjs": "preact-hooks.js"},
    ),
    Package(
        "htm", "3.1.1",
        "sha512-983Vyg8NwUE7JkZ6NmOqpCZ+sh1bKv2iYTlUkzlWmA5JD2acKoxd4KVxbMmxX/85mtfdnDmTFoNKcg5DGAvxNQ==",
        "templates without a build step",
        {"dist/htm.module.js": "htm.js"},
    ),
    Package(
        "@preact/signals-core", "1.14.5",
        "sha512-vcRv7Ityz5JVmeiVqIluLFzT/PDS/AlhHUpw3/aUWqcVUs6bDGIPXE/6RSC4evBNWYvnniozg5Syfj33al3gkg==",
        "state that components follow",
        {"dist/signals-core.mjs": "signals-core.js"},
    ),
    Package(
        "@preact/signals", "2.11.4",
        "sha512-Rb+5RPo9gWSaHtzJeauhHxiC8KP/IF2DEPkHPEOGOnuy2wnJzRqyeLRankUCYd6ADqtxS6GnWGv6Ie343d8aYw==",
        "signals in components",
        {"dist/signals.mjs": "signals.js"},
    ),
    Package(
        "uplot", "1.6.32",
        "sha512-KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==",
        "charts; loaded when one is shown",
        {"dist/uPlot.iife.min.js": "uplot.js", "dist/uPlot.min.css": "uplot.css"},
        append="\nexport default uPlot;\n",
    ),
    Package(
        "@noble/hashes", "2.4.0",
        "sha512-X5XaVWZIBCT7HHZGm5I7ZQXDwLG+bGXuSrMQAW+7Zvl87h1kmc1ZB1VSRJcpUfoUrGQp4Fkoxm5kZ+Ms+aW+eA==",
        "SHA-256 and SHA-512 where there is no WebCrypto; loaded only there",
        {name: f"noble/{name}" for name in ("sha2.js", "_md.js", "_u64.js", "utils.js")},
    ),
    Package(
        "@noble/ed25519", "3.2.0",
        "sha512-criDgRlnUA09hchYrTy/JUWPIEap5rZxQe6wDWzRx51oWWpDRcUpuNzlgPxDJaOK6AsW9c0wKcj3rKRv6t+bPQ==",
        "Ed25519 where WebCrypto has none; loaded only there",
        {"index.js": "noble/ed25519.js"},
    ),
)  # fmt: skip


def fetch(package: Package, folder: Path) -> dict[str, bytes]:
    """Path in the package → content, after the package's digest was checked."""
    spec = f"{package.name}@{package.version}"
    command = ["npm", "pack", "--silent", "--ignore-scripts", spec]
    packed = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    archive = (folder / packed.stdout.strip().splitlines()[-1]).read_bytes()
    digest = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if digest != package.integrity:
        sys.exit(f"error: {spec} has the digest {digest}, not {package.integrity}")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        members = {member.name.partition("/")[2]: member for member in tar if member.isfile()}
        wanted = [*package.files, "LICENSE"]
        return {name: tar.extractfile(members[name]).read() for name in wanted}  # type: ignore[union-attr]


def rewritten(text: str) -> str:
    """The module with relative imports and without references to source maps."""

    def relative(match: re.Match[str]) -> str:
        return f'{match[1]}"{IMPORTS[match[2]]}"'

    return _SOURCE_MAP.sub("\n", _IMPORT.sub(relative, text))


def make() -> dict[str, bytes]:
    """Name below `vendor/` → content, README included."""
    made: dict[str, bytes] = {}
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for package in PACKAGES:
            found = fetch(package, Path(scratch))
            for path, name in package.files.items():
                text = found[path].decode()
                made[name] = (rewritten(text) + (package.append if name.endswith(".js") else "")).encode()
            made[f"licences/{package.name.replace('@', '').replace('/', '-')}.txt"] = found["LICENSE"]
            rows.append(f"| {package.name} {package.version} | {package.what} | `{package.integrity}` |")
    files = [
        f"| `{name}` | {len(content):,} | `{hashlib.sha256(content).hexdigest()}` |"
        for name, content in sorted(made.items())
    ]
    made["README.md"] = README.format(packages="\n".join(rows), files="\n".join(files)).encode()
    return made


README = """\
# Vendored modules

Made by `python scripts/vendor.py`; `--check` makes them again and compares. Do not edit. The changes to the packages'
own files: bare imports became relative ones, references to source maps are gone, and `uplot.js` exports what it
defines. The `.d.ts` files beside them are ours and only say where tsc finds the packages' types.

`@noble/ed25519` instead of `@noble/curves`: it verifies signatures and little else (12 kB compressed, comments
included), where the Ed25519 module of `@noble/curves` brings FROST, OPRF and hash-to-curve along (90 kB).

| package | for | integrity of the package |
|---|---|---|
{packages}

| file | bytes | SHA-256 |
|---|---|---|
{files}
"""


def main() -> None:
    """Write or compare."""
    made = make()
    if "--check" in sys.argv[1:]:
        wrong = [n for n, c in made.items() if not (FOLDER / n).is_file() or (FOLDER / n).read_bytes() != c]
        for name in wrong:
            print(f"{name} is not what the packages hold")
        sys.exit(1 if wrong else 0)
    for name, content in made.items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    main()
