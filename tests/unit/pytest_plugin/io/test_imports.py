"""Nothing is imported for the sake of capture, and what is imported later is captured."""

import subprocess
import sys

CODE = """
import sys
from graven.pytest_plugin import io
found = []
io.install(found.append)
names = ["httpx", "httpx2", "requests", "urllib3", "werkzeug", "django", "sqlite3", "sqlalchemy", "redis"]
print([name for name in names if name in sys.modules])
import sqlite3
import requests.adapters
made = sqlite3.connect(":memory:")
made.execute("select 1").fetchall()
made.close()
print([event["method"]["statement"] for event in found])
print(requests.adapters.HTTPAdapter.send.__code__.co_name, requests.adapters.__spec__.loader.__class__.__name__)
io.uninstall()
print(requests.adapters.HTTPAdapter.send.__code__.co_name, io.failures())
"""


def test_later_imports_are_captured_and_nothing_is_imported_early():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["[]", "['select 1']", "sending SourceFileLoader", "send 0"]
