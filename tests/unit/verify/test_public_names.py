import subprocess
import sys

import graven.verify


def test_every_public_name_can_be_imported():
    assert graven.verify.__all__ == sorted(graven.verify.__all__)
    for name in graven.verify.__all__:
        assert getattr(graven.verify, name).__module__.startswith(("graven.verify.", "graven.verify"))


def test_other_names_are_attribute_errors():
    assert not hasattr(graven.verify, "anything")


def test_a_worker_starts_without_signatures_and_http():
    code = "import sys, graven.verify.worker; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "graven.verify.checker" in loaded
    assert not {"cryptography", "http.client", "ssl", "numpy", "asyncio"} & set(loaded)
