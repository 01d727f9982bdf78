"""The demonstration, act by act. Every step really happens, and what does not turn out right fails it."""

import hashlib
import os
import re
import shutil
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path

from graven.cli import terminal
from graven.cli.demo.attacks import change_one_byte, copy_log, read_entries, rebuild_without
from graven.cli.demo.processes import (
    Ran,
    Service,
    environment,
    free_port,
    run_graven,
    run_python,
    wait_for_end,
    wait_until_ready,
    wait_until_said,
)
from graven.cli.demo.shop import FAILING, RUN, missing_in, use_shop, wrongly_charged
from graven.cli.demo.stage import INDENT, Stage
from graven.errors import GravenError

__all__ = ["Demo"]

PATIENCE_S = 15.0
"""How long a checkpoint may take to be published and anchored; usually a second."""


class Demo:
    """One run in one fresh folder `home`; `examples` holds the material."""

    def __init__(self, home: Path, examples: Path, stage: Stage) -> None:
        self.home = home
        self.examples = examples
        self.stage = stage
        self.data = home / "data"
        self.address = f"http://127.0.0.1:{free_port()}"
        self.environ = environment(
            os.environ,
            GRAVEN_SERVER=self.address,
            PYTHONDONTWRITEBYTECODE="1",
            XDG_STATE_HOME=str(home / "state"),
            COLUMNS=str(terminal.width() - INDENT),
            **({"FORCE_COLOR": "1"} if terminal.colours() else {}),
        )
        self.server: Service | None = None

    @property
    def log_dir(self) -> Path:
        return self.data / "logs" / "default"

    # what the acts are made of

    def _graven(self, *arguments: str) -> Ran:
        """Print a command, run it, print what it says."""
        self.stage.command(["graven", *arguments])
        ran = run_graven(arguments, self.environ, self.home)
        self.stage.output(ran.output)
        return ran

    def _must(self, ran: Ran, what: str) -> None:
        if ran.code != 0:
            raise GravenError(f"{what} ended with exit code {ran.code}", why=ran.output)

    def _size(self) -> int:
        """Entries of the log default, asked of the server."""
        from graven.cli.access.remote import RemoteAccess

        with RemoteAccess(self.address, self.environ["GRAVEN_TOKEN"]) as access:
            return next(int(log["size"]) for log in access.logs() if log["name"] == "default")

    def _wait_for(self, what: str, size_of: Callable[[], int]) -> int:
        """Wait until `size_of` has come up to the size of the log; gives what it reached in the end."""
        size = self._size()
        deadline = time.monotonic() + PATIENCE_S
        while (reached := size_of()) < size and time.monotonic() < deadline:
            time.sleep(0.05)
        if reached < size:
            self.stage.say(f"{what} stands at {reached}, the log at {size}.")
        return reached

    # the acts

    def start(self) -> None:
        """Act 1: a server on a fresh directory."""
        self.stage.section("Start a recorder")
        listen = self.address.removeprefix("http://")
        arguments = ["serve", "--data", str(self.data), "--listen", listen, "--anchor", str(self.home / "anchor")]
        self.stage.command(["graven", "serve", "--data", "data", "--listen", listen, "--anchor", "anchor"])
        (self.home / "anchor").mkdir()
        self.server = Service([sys.executable, "-m", "graven", *arguments], self.environ, self.home / "server.log")
        wait_until_ready(self.server, self.address, "/readyz")
        self.environ["GRAVEN_TOKEN"] = (self.data / "owner.token").read_text(encoding="ascii").strip()
        shutil.copy(self.log_dir / "log.vkey", self.home / "log.vkey")
        self.stage.output((self.home / "log.vkey").read_text(encoding="utf-8"), folded=False)
        self.stage.tick("the log default and its key were made; --anchor copies every checkpoint elsewhere")

    def import_cluster(self) -> None:
        """Act 2: Kubernetes audit events."""
        self.stage.section("Record: what a Kubernetes cluster did")
        files = sorted(str(path) for path in (self.examples / "k8s-audit").glob("*.json"))
        self.stage.command(["graven", "import", "k8s-audit/*.json", "--source", "k8s/demo"])
        ran = run_graven(["import", *files, "--source", "k8s/demo"], self.environ, self.home)
        self._must(ran, "graven import")
        lines = ran.output.replace(str(self.examples / "k8s-audit") + os.sep, "").splitlines()
        kept = [i for i, line in enumerate(lines[:-1]) if "quarantine" in line]
        self.stage.output("\n".join(lines[:3]))
        self.stage.output("…")
        for i in kept:
            reason = list(takewhile(lambda line: line.startswith("    "), lines[i + 1 :]))
            self.stage.output("\n".join([lines[i], *reason]))
        self.stage.output(lines[-1])
        self.stage.tick(
            f"{self._size()} items are in the log; the {len(kept)} that are no audit event, or reuse the id of "
            "another, are kept in quarantine"
        )

    def record_tests(self) -> bool:
        """Act 3: a test suite, really run, against a service that records itself; whether there was a pytest."""
        self.stage.section("Record: a test run, with everything that happens in it")
        if find_spec("pytest") is None:
            self.stage.skip("pytest is not installed, so no test suite was run (pip install pytest)")
            return False
        for name in ("shop", "shop_tests"):
            shutil.copytree(self.examples / name, self.home / name, ignore=shutil.ignore_patterns("__pycache__"))
        self.stage.shell(f"GRAVEN_RUN={RUN} pytest --graven -q --tb=no shop_tests")
        before = self._size()
        ran = self._pytest()
        self.stage.output(ran.output.strip())
        if ran.code != 1:
            raise GravenError(f"pytest ended with exit code {ran.code}: one test was to fail", why=ran.output)
        recorded = self._size() - before
        self.stage.tick(f"{recorded} events of the run {RUN} are in the log: of the tests, and of the shop they tested")
        self._wait_for("the checkpoint", lambda: _size_in(self.log_dir / "checkpoint"))
        self._must(self._graven("runs"), "graven runs")
        self._must(self._graven("run", "show", RUN, "--failed"), "graven run show")
        return True

    def _pytest(self) -> Ran:
        return run_python(
            [
                *("-m", "pytest", "--graven", "-q", "--tb=no", "--basetemp", str(self.home / "tmp")),
                *("-c", "shop_tests/pytest.ini", "--rootdir", "shop_tests", "shop_tests"),
            ],
            # nothing of the user's own pytest settings
            {name: value for name, value in self.environ.items() if not name.startswith("PYTEST_")}
            | {"GRAVEN_RUN": RUN},
            self.home,
        )

    def ask_why(self) -> None:
        """Act 4: the failed test, and what the tests and the shop recorded of it, in one timeline."""
        self.stage.section("Ask why a test failed")
        self._must(self._graven("test", "show", FAILING), "graven test show")
        from graven.cli.access.remote import RemoteAccess

        with RemoteAccess(self.address, self.environ["GRAVEN_TOKEN"]) as access:
            missing = missing_in(access.shown_test("default", FAILING, RUN, None, None).timeline)
        self.stage.check(
            not missing,
            "one timeline: what the test sent and got, the shop's request, its SQL with rows, and its order",
            f"the timeline of the failed test lacks {', '.join(missing)}",
        )
        self.stage.say(
            "The cause stands in the shop's first statement: it asks for discounts from less than 10 pieces (<), "
            "where it should ask for those from 10, too (<=), and so gets none."
        )

    def drive_shop(self) -> None:
        """Act 5: a web application records itself."""
        self.stage.section("Record: what users did in a web shop")
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        program = str(self.examples / "shop" / "app.py")
        # on the database that the tests have left: so the order of the failing test is there, and gets corrected
        tested = next(iter(sorted((self.home / "tmp").glob("*/shop.sqlite"))), self.home / "shop.sqlite")
        wrong = wrongly_charged(tested)
        self.stage.command(["python3", "examples/shop/app.py", "--port", str(port), "--database", "shop.sqlite"])
        arguments = [program, "--port", str(port), "--database", str(tested)]
        shop = Service([sys.executable, *arguments], self.environ, self.home / "shop.log")
        before = self._size()
        try:
            wait_until_said(shop, "listening on")
            calls = use_shop(address, wrong)
        finally:
            code = shop.stop()
        for call in calls:
            self.stage.output(call)
        if code != 0:
            raise GravenError(f"the shop ended with exit code {code}", why=shop.tail())
        recorded = self._size() - before
        self.stage.check(
            recorded > len(calls),
            f"{recorded} events were recorded: requests with inputs and outputs, statements, orders before and after",
            f"only {recorded} events of {len(calls)} requests were recorded",
        )

    def show_and_prove(self) -> int:
        """Act 6: one event, and its proof. Gives its index: mallory's attempt, which the attacks go for."""
        self.stage.section("Show one event, and prove that it is in the log")
        self._wait_for("the checkpoint", lambda: _size_in(self.log_dir / "checkpoint"))
        victim = self._victim()
        self._must(self._graven("show", str(victim)), "graven show")
        entry = run_graven(["show", str(victim), "--raw"], self.environ, self.home)
        self._must(entry, "graven show --raw")
        self.stage.command(["graven", "show", str(victim), "--raw", ">", "event.entry"])
        (self.home / "event.entry").write_bytes(entry.output.encode())
        self._must(self._graven("prove", str(victim), "-o", "event.tlog-proof"), "graven prove")
        ran = self._graven("verify", "event.tlog-proof", "--key", "log.vkey")
        self.stage.check(
            ran.code == 0, "the proof holds with nothing but the log's public key", "the proof does not verify"
        )
        return victim

    def _victim(self) -> int:
        """The index of the denied cancellation, or of the newest entry if the shop recorded none."""
        entries = read_entries(self.log_dir)
        for index in range(len(entries) - 1, -1, -1):
            if b"mallory" in entries[index]:
                return index
        return len(entries) - 1

    def verify_all(self) -> None:
        """Act 7: the whole log, honest."""
        self.stage.section("Verify the whole log")
        ran = self._graven("verify", f"{self.address}/logs/default", "--key", "log.vkey")
        self.stage.check(
            ran.code == 0, "the whole log: every entry, hash and signature agrees", "the honest log does not verify"
        )
        size = self._wait_for("the anchor", lambda: _size_in(self._anchored()))
        self.stage.check(
            size == self._size(),
            f"the checkpoint of size {size} is anchored, outside the data directory",
            f"the anchored checkpoint has size {size}, the log {self._size()}",
        )

    def _anchored(self) -> Path:
        """The newest checkpoint that the server copied to its anchor for the log default."""
        origin = (self.log_dir / "checkpoint").read_bytes().split(b"\n", 1)[0]
        return self.home / "anchor" / hashlib.sha256(origin).hexdigest() / "latest"

    def attack_byte(self, victim: int) -> None:
        """Act 8: one byte of one entry."""
        self.stage.section("Attack 1: change one byte")
        copy = copy_log(self.data, self.home / "attack-1")
        changed = change_one_byte(copy, victim, b"mallory", b"malgory")
        self.stage.say(
            f"In a copy, {changed.before!r} becomes {changed.after!r} in entry {victim}. The bundle "
            f"{changed.path} is compressed again as it was, with a right checksum."
        )
        ran = self._graven("verify", "attack-1", "--key", "log.vkey", "--forget")
        found = ran.code == 1 and f"entry {victim}" in ran.output
        self.stage.check(
            found,
            f"attack 1, one changed byte: found (exit code 1), and entry {victim} is named",
            f"attack 1, one changed byte: NOT FOUND (exit code {ran.code})",
        )

    def attack_rebuild(self, victim: int) -> None:
        """Act 9: an entry removed by somebody who holds the signing key."""
        self.stage.section("Attack 2: remove an entry, rebuild, sign again")
        forged = copy_log(self.data, self.home / "attack-2")
        size = rebuild_without(forged, victim, self.data / "keys" / "default.key")
        self.stage.say(
            f"Somebody with the log's own signing key takes entry {victim} out, puts a harmless one at the end, "
            f"computes every hash and tile again and signs: {size} entries, as before."
        )
        alone = self._graven("verify", "attack-2", "--key", "log.vkey", "--forget")
        self.stage.check(
            alone.code == 0,
            "attack 2: by itself the forgery is perfect, no verifier could tell",
            f"the forgery was clumsy (exit code {alone.code}): the attack proves nothing",
        )
        convicted = self._graven(*("verify", "attack-2", "--key", "log.vkey", "--forget", "--anchored", "anchor"))
        self.stage.check(
            convicted.code == 1 and "signed note 2" in convicted.output,
            "attack 2, a rebuilt log: found (exit code 1); the anchored checkpoint convicts it: two histories, one key",
            f"attack 2, a rebuilt log: NOT FOUND (exit code {convicted.code})",
        )

    def login_address(self) -> str:
        """The address that opens the browser UI once, as the server printed it; without its code when it did not."""
        said = self.server.tail(1000) if self.server is not None else ""
        found = re.search(r"graven: open (https?://\S+)", said)
        return found[1] if found else f"{self.address}/"

    def stay(self) -> None:
        """Leave the server up until somebody ends it: Ctrl-C, SIGTERM, or its own end."""
        if self.server is not None:
            wait_for_end(self.server)

    def close(self) -> None:
        """Stop the server."""
        if self.server is not None:
            self.server.stop()


def _size_in(checkpoint: Path) -> int:
    """The size that a checkpoint file states; 0 while there is none."""
    try:
        return int(checkpoint.read_bytes().split(b"\n", 2)[1])
    except FileNotFoundError:
        return 0
