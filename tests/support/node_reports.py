"""Reports of jest and vitest, made by the real tools from one suite, for the tests of the importers.

The packages are installed into a folder of the test, exactly as `node/package-lock.json` says
(each with its SHA-512, none of their install scripts run). Without npm there is a reason instead.
"""

import shutil
import subprocess
from pathlib import Path

__all__ = ["JEST_VERDICTS", "VITEST_VERDICTS", "install_packages", "run_jest", "run_vitest"]

NODE = Path(__file__).parent / "node"

SUITE = """
let attempts = 0;

describe('cart', () => {
  describe('total', () => {
    test('adds up', () => {
      console.log('said on stdout: grüße ☃');
      console.error('said on stderr');
      expect(3 * 7).toBe(21);
    });
    test.each([['eur', 3], ['usd', 4]])('of %s', (currency, count) => {
      expect(count).toBe(3);
    });
  });
  test('naïve ☃ <&"\\'> name', () => {});
  test.skip('not today', () => {});
  test.todo('refunds');
  TRY_THRICE
    attempts += 1;
    expect(attempts).toBe(2);
  });
  test('throws', () => {
    throw new TypeError('no cart & <nothing> else');
  });
});
"""

JEST_VERDICTS = {
    "cart total adds up": "passed",
    "cart total of eur": "passed",
    "cart total of usd": "failed",
    "cart naïve ☃ <&\"'> name": "passed",
    "cart not today": "skipped",
    "cart refunds": "skipped",
    "cart once": "passed",
    "cart throws": "failed",
}

VITEST_VERDICTS = {
    name.replace("cart ", "cart > ").replace("total ", "total > "): status for name, status in JEST_VERDICTS.items()
}


def install_packages(folder: Path) -> str:
    """Install into `folder`; gives the reason when that cannot be done, else ""."""
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed: jest and vitest cannot be run"
    for name in ("package.json", "package-lock.json"):
        shutil.copy(NODE / name, folder)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--cache", str(folder / "cache")]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=400, check=False)
    return f"the packages of jest and vitest cannot be had here: {ran.stderr[-300:]}" if ran.returncode else ""


def _run(folder: Path, *command: str) -> None:
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200, check=False)
    assert ran.returncode == 1, ran.stdout + ran.stderr  # some tests fail


def run_jest(packages: Path) -> Path:
    """The folder with `junit.xml` and `ctrf-report.json`."""
    folder = packages / "jest"
    folder.mkdir()
    (folder / "package.json").write_text(
        '{"jest": {"reporters": ["default", "jest-junit", ["jest-ctrf-json-reporter", {"outputDir": "."}]]}}'
    )
    suite = SUITE.replace("TRY_THRICE", "jest.retryTimes(2);\n  test('once', () => {")
    (folder / "shop.test.js").write_text(suite)
    _run(folder, "../node_modules/.bin/jest")
    return folder


def run_vitest(packages: Path) -> Path:
    """The folder with `junit.xml` and `vitest-ctrf/report.json`."""
    folder = packages / "vitest"
    folder.mkdir()
    suite = SUITE.replace("TRY_THRICE", "test('once', { retry: 2 }, () => {")
    (folder / "shop.test.mjs").write_text("import { describe, expect, test } from 'vitest';\n" + suite)
    reporters = ("--reporter=junit", "--outputFile.junit=junit.xml", "--reporter=vitest-ctrf-json-reporter")
    _run(folder, "../node_modules/.bin/vitest", "run", *reporters)
    return folder
