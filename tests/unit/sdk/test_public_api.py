import subprocess
import sys

import graven


def test_every_public_name_can_be_imported():
    for name in graven.__all__:
        assert getattr(graven, name) is not None
    assert dir(graven) == graven.__all__


def test_the_list_of_names_is_sorted_and_complete():
    lazily = {name for names in graven._HOMES.values() for name in names}
    assert graven.__all__ == sorted(graven.__all__)
    assert set(graven.__all__) == lazily | {"__version__"}


def test_importing_graven_imports_nothing_heavy():
    heavy = ("httpx", "msgspec", "logging", "asyncio", "cryptography")
    code = f"import sys, graven; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_making_a_client_does_not_import_httpx():
    code = "import sys, graven; graven.Client('http://127.0.0.1:1'); print('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(graven, "Cleint")


def test_it_type_checks_from_outside(tmp_path):
    script = tmp_path / "outside.py"
    script.write_text(
        "import logging\n"
        "from collections.abc import Iterator\n"
        "import graven\n\n"
        "def told(loss: graven.Loss) -> None:\n"
        "    print(loss.reason, loss.count)\n\n"
        "with graven.Client('http://127.0.0.1:8080', token='t', on_loss=told) as client:\n"
        "    made: str | None = client.record('order.create', actor='alice', input={'sku': 'LAMP'})\n"
        "    client.record(graven.Event(action='a', actor=graven.Actor(id='x'), targets=[graven.Target(id='1')]))\n"
        "    stats: graven.Stats = client.stats()\n"
        "    logging.getLogger().addHandler(graven.GravenHandler(client))\n\n"
        "@graven.recorded(action='order.create')\n"
        "def create(sku: str) -> int:\n"
        "    return len(sku)\n\n"
        "@graven.recorded\n"
        "def numbers(n: int) -> Iterator[int]:\n"
        "    yield n\n\n"
        "total: int = create('LAMP')\n"
        "with graven.acting_as('alice'):\n"
        "    graven.record('a')\n\n"
        "async def main() -> None:\n"
        "    async with graven.AsyncClient('http://127.0.0.1:8080') as recorder:\n"
        "        recorder.record('a')\n"
        "        done: bool = await recorder.aflush()\n"
    )
    flags = ["--strict", "--no-incremental", f"--cache-dir={tmp_path}"]
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", *flags, script], check=False, capture_output=True, text=True, cwd=tmp_path
    )
    assert checked.stdout.startswith("Success"), checked.stdout
