"""A folder of Allure results, or some of its files: small files by the thousand, taken as one report.

The results are read twice: once for what orders the attempts of a test, once to be recorded. Only regular
files of the folder itself are opened, whatever name a result gives for an attachment.
"""

import hashlib
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from graven.cli.access.ports import Access
from graven.cli.formats import Item, batches
from graven.cli.importing.beside import Attachments, open_beside
from graven.cli.importing.originals import record_import
from graven.cli.importing.report_files import Identity, report_of
from graven.cli.importing.result import FileResult
from graven.cli.importing.sending import send_events
from graven.cli.progress import Progress
from graven.errors import InvalidInput
from graven.event.mappers.allure import case_of_result, fixtures_of_container, order_of
from graven.event.mappers.ordinals import Ordinals
from graven.event.mappers.report import Refused, Report, SuiteCounts

__all__ = ["CONTAINER", "RESULT", "import_allure", "is_allure_folder"]

RESULT: Final = "-result.json"
CONTAINER: Final = "-container.json"
MAX_FILE_BYTES: Final = 16 * 1024 * 1024
MAX_FIXTURE_BYTES: Final = 64 * 1024 * 1024
"""Of all containers together, which are held until the tests are read."""
_FILES_AN_EVENT: Final = 200
_JSON: Final = "application/json"


def is_allure_folder(path: Path) -> bool:
    """Whether `path` is a folder with at least one result."""
    return path.is_dir() and next(path.glob(f"*{RESULT}"), None) is not None


def import_allure(
    access: Access,
    log: str,
    folder: Path,
    names: Iterable[str],
    result: FileResult,
    *,
    identity: Identity,
    keep: bool,
    bar: Progress,
) -> None:
    """Import the results and containers among `names`, files of `folder`; what is unreadable is listed.

    InvalidInput when there is no result among them that can be read.
    """
    names = sorted(names)
    stem = folder.resolve().name or "allure"
    report = report_of("allure", stem, identity)
    result.run = report.run
    folder_import = _Import(access, folder, result, report, keep)
    folder_import.read_containers([name for name in names if name.endswith(CONTAINER)])
    order = folder_import.order([name for name in names if name.endswith(RESULT)])
    if not order:
        raise InvalidInput(
            f"{folder} holds no Allure result that can be read",
            why="; ".join(part["reason"] for part in result.unreadable[:3]) or f"no file *{RESULT} was named",
            code="not_allure",
        )
    for done, group in enumerate(batches(folder_import.items(order))):
        send_events(access, log, group, result)
        bar.update(done)
    files = folder_import.files
    for start in range(0, len(files), _FILES_AN_EVENT):
        record_import(
            access,
            log,
            result,
            report=folder_import.report,
            name=stem,
            files=files[start : start + _FILES_AN_EVENT],
            kept=keep,
            facts={"part": start // _FILES_AN_EVENT + 1, "parts": -(-len(files) // _FILES_AN_EVENT)},
        )


class _Import:
    def __init__(self, access: Access, folder: Path, result: FileResult, report: Report, keep: bool) -> None:
        self._access = access
        self._folder = folder
        self._result = result
        self._keep = keep
        self._fixtures: dict[str, list[dict[str, Any]]] = {}
        self._attachments = Attachments(access, folder, self._refuse, keep=keep)
        self.report = report
        self.files: list[dict[str, Any]] = []

    def _refuse(self, name: str, reason: str) -> None:
        self._result.refuse(0, f"{name}: {reason}")

    def _open(self, name: str) -> BinaryIO | None:
        """A regular file of the folder itself; None with the reason told."""
        stream = "no name of a file beside the result" if set(name) & {"/", "\\"} else open_beside(self._folder, name)
        if isinstance(stream, str):
            self._refuse(name[:100], stream)
            return None
        return stream

    def _content(self, name: str) -> bytes | None:
        stream = self._open(name)
        if stream is None:
            return None
        with stream:
            content = stream.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            self._refuse(name, f"more than {MAX_FILE_BYTES} bytes")
            return None
        return content

    def _keep_content(self, name: str, content: bytes) -> None:
        file = {"name": name, "media_type": _JSON, "digest": f"sha256:{hashlib.sha256(content).hexdigest()}"}
        if self._keep:
            self._access.put_blob(io.BytesIO(content))
        self.files.append({**file, "size": len(content)})

    def read_containers(self, names: list[str]) -> None:
        """Remember which fixtures ran around which test."""
        room = MAX_FIXTURE_BYTES
        for name in names:
            content = self._content(name)
            if content is None:
                continue
            room -= len(content)
            if room < 0:
                self._refuse(name, f"its fixtures are left out: containers of more than {MAX_FIXTURE_BYTES} bytes")
            else:
                found = fixtures_of_container(content)
                if isinstance(found, Refused):
                    self._refuse(name, found.reason)
                    continue
                for child in found[0]:
                    self._fixtures.setdefault(child, []).extend(found[1])
            self._keep_content(name, content)

    def order(self, names: list[str]) -> list[tuple[str, str]]:
        """(history, file) of the readable results; attempts of one test in the order of their start."""
        found = []
        for name in names:
            content = self._content(name)
            if content is not None:
                order = order_of(content)
                if isinstance(order, Refused):
                    self._refuse(name, order.reason)
                else:
                    found.append((order.start, name, order.history))
        return [(history, name) for _, name, history in sorted(found)]

    def items(self, order: list[tuple[str, str]]) -> Iterator[Item]:
        """The events of all results and suites, their attachments stored."""
        seen = Ordinals()
        suites = SuiteCounts(self.report)
        for history, name in order:
            content = self._content(name)
            if content is None:
                continue
            event = case_of_result(
                content,
                self.report,
                ordinal=seen.next(history),
                fixtures=self._fixtures,
                attach=self._attachments.attach,
            )
            if isinstance(event, Refused):
                self._refuse(name, event.reason)
                continue
            self._keep_content(name, content)
            yield Item(0, msgspec.json.encode(event))
            for suite in suites.add(event["qa"]["suite"], event["qa"]["status"]):
                yield Item(0, msgspec.json.encode(suite.event))
        for suite in suites.finish():
            yield Item(0, msgspec.json.encode(suite.event))
