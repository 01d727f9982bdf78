"""What a verification found: findings, counts, and the verdict that follows from them.

A finding is `tampered` (the evidence contradicts itself, is malformed, or is missing) or `could_not_check`
(no key, unreachable, an absent blob). "Could not check" is never "fine", and "tampered" outranks it.
Exit codes are the command line's business.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import msgspec

__all__ = ["MAX_FINDINGS", "Finding", "Kind", "PushedLog", "Report", "TreeHead", "Trust", "Verdict"]

MAX_FINDINGS = 100
"""Findings kept in a report; the rest is only counted."""


class Kind(StrEnum):
    """What a finding says about the record."""

    TAMPERED = "tampered"
    COULD_NOT_CHECK = "could_not_check"


class Verdict(StrEnum):
    """The outcome of the whole verification."""

    FINE = "fine"
    TAMPERED = "tampered"
    COULD_NOT_CHECK = "could_not_check"


class Trust(StrEnum):
    """Where the log's key came from."""

    GIVEN = "given"
    REMEMBERED = "remembered"
    FIRST_USE = "trusted on first use"


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong or could not be checked.

    `code` is a stable machine word. `path` is relative to the log (`tile/0/001.p/44`, `checkpoint`);
    `index` is a log index. `expected` and `found` are text, hashes in lower-case hex.
    `evidence` holds signed notes that convict somebody; keep them all.
    """

    kind: Kind
    code: str
    message: str
    path: str | None = None
    index: int | None = None
    expected: str | None = None
    found: str | None = None
    why: str = ""
    hint: str = ""
    evidence: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """The finding for people, one or more lines."""
        lines = [f"{self.kind.value.replace('_', ' ')}: {self.message}"]
        if self.expected is not None:
            lines.append(f"  expected: {self.expected}")
        if self.found is not None:
            lines.append(f"  found:    {self.found}")
        if self.why:
            lines.append(f"  why: {self.why}")
        if self.hint:
            lines.append(f"  try: {self.hint}")
        for note in self.evidence:
            lines.append("  signed:")
            lines += [f"    {line}" for line in note.splitlines()]
        return lines


class TreeHead(msgspec.Struct, frozen=True):
    """A tree in a report: size and root, the root in base64 as a checkpoint spells it."""

    size: int
    root: str


class PushedLog(msgspec.Struct, frozen=True):
    """A log that was pushed into this one and is here as its own `key` signed it; `index` of the `log.push`."""

    origin: str
    size: int
    root: str
    key: str
    index: int


class Report(msgspec.Struct, kw_only=True):
    """The result of one verification; built up by the engine, read by everybody else."""

    target: str
    origin: str | None = None
    key: str | None = None
    trust: Trust | None = None
    checkpoint: TreeHead | None = None
    checkpoint_note: str | None = None
    previous: TreeHead | None = None
    cosigned_by: list[str] = msgspec.field(default_factory=list)
    findings: list[Finding] = msgspec.field(default_factory=list)
    more_findings: int = 0
    entries: int = 0
    entry_bytes: int = 0
    files: int = 0
    obsolete_partials: int = 0
    beyond_checkpoint: int = 0
    blobs: int = 0
    blob_bytes: int = 0
    pushed: list[PushedLog] = msgspec.field(default_factory=list)
    """Only when they were asked for."""
    complete: bool = False
    """Every step ran to its end: nothing was left out because of an earlier finding."""
    remembered: bool = False
    """This checkpoint is now the last one seen of its origin."""
    notes: list[str] = msgspec.field(default_factory=list)
    """What a reader should know although nothing is wrong."""

    def add(self, finding: Finding) -> None:
        """Keep a finding, or count it when there are more than `MAX_FINDINGS`.

        The first evidence of tampering is kept even when the list is full of what could not be checked.
        """
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(finding)
            return
        self.more_findings += 1
        if finding.kind is Kind.TAMPERED and not any(f.kind is Kind.TAMPERED for f in self.findings):
            self.findings[-1] = finding

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add each of them."""
        for finding in findings:
            self.add(finding)

    @property
    def verdict(self) -> Verdict:
        """`tampered` when anything is, else `could_not_check` when anything could not, else `fine`."""
        if any(f.kind is Kind.TAMPERED for f in self.findings):
            return Verdict.TAMPERED
        if self.findings or not self.complete:
            return Verdict.COULD_NOT_CHECK
        return Verdict.FINE

    @property
    def trusted_on_first_use(self) -> bool:
        """The key came from the same place as the log, and nobody vouched for it."""
        return self.trust is Trust.FIRST_USE

    def as_json(self) -> dict[str, Any]:
        """JSON-able form, stable member names; `verdict` and `trusted_on_first_use` included."""
        value: dict[str, Any] = {
            "verdict": self.verdict.value,
            "trusted_on_first_use": self.trusted_on_first_use,
        }
        value.update(msgspec.to_builtins(self))
        return value

    def text(self) -> str:
        """The report for people, ending without a newline."""
        lines = [f"{self.verdict.value.replace('_', ' ')}: {self.target}"]
        if self.origin is not None:
            lines.append(f"  log      {self.origin}")
        if self.key is not None and self.trust is not None:
            lines.append(f"  key      {self.key} ({self.trust.value})")
        if self.checkpoint is not None:
            lines.append(f"  size     {self.checkpoint.size}, root {self.checkpoint.root}")
        if self.previous is not None:
            lines.append(f"  extends  size {self.previous.size}, root {self.previous.root}, seen before")
        if self.cosigned_by:
            lines.append(f"  cosigned {', '.join(self.cosigned_by)}")
        lines.append(f"  checked  {self._checked()}")
        lines += [f"  note     {note}" for note in self.notes]
        for finding in self.findings:
            lines += finding.lines()
        if self.more_findings:
            lines.append(f"… and {self.more_findings} more findings")
        return "\n".join(lines)

    def _checked(self) -> str:
        parts = [f"{self.entries} entries", f"{self.files} files"]
        if self.obsolete_partials:
            parts.append(f"{self.obsolete_partials} obsolete partial tiles")
        if self.blobs:
            parts.append(f"{self.blobs} blobs")
        if self.beyond_checkpoint:
            parts.append(f"{self.beyond_checkpoint} files beyond the checkpoint left alone")
        return ", ".join(parts)
