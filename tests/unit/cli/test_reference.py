import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_reference_pages_are_what_the_code_says():
    script = ROOT / "scripts" / "reference.py"
    finished = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stderr) == (0, "")
