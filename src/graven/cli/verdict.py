"""How the result of a verification looks, what it means, and its exit code."""

import textwrap

from graven.cli import terminal
from graven.cli.printable import printable
from graven.verify.report import Finding, Kind, Report, Verdict

__all__ = ["exit_code_of", "explain", "finding_lines", "render"]

_LABEL = 9

_MEANINGS = {
    "rollback": "A smaller tree than the one that was shown before: entries were taken away at the end, or an "
    "old copy was put back. The older checkpoint is signed by the log's own key.",
    "fork": "Two signed checkpoints that cannot both be true: the log showed one history to one reader and "
    "another to the next. Only the holder of the key can do this, and these two notes prove it.",
    "other_key": "The same log with another key. Either the key was exchanged, or this is another log under its name.",
}


def exit_code_of(report: Report) -> int:
    """0 fine, 1 tampered, 3 could not check."""
    return {Verdict.FINE: 0, Verdict.TAMPERED: 1, Verdict.COULD_NOT_CHECK: 3}[report.verdict]


def _row(label: str, text: str) -> str:
    return f"  {terminal.paint(label.ljust(_LABEL), 'cyan')}  {text}"


def _heading(report: Report) -> str:
    target = printable(report.target)
    match report.verdict:
        case Verdict.FINE:
            return f"{terminal.mark(True)} {terminal.paint('fine', 'green', bold=True)}: {target}"
        case Verdict.TAMPERED:
            return f"{terminal.mark(False)} {terminal.paint('tampered', 'red', bold=True)}: {target}"
        case Verdict.COULD_NOT_CHECK:
            sign = terminal.paint("?", "yellow", bold=True)
            return f"{sign} {terminal.paint('could not check', 'yellow', bold=True)}: {target}"


def finding_lines(finding: Finding) -> list[str]:
    """One finding: what, where, expected and found, why, what to try, and the signed notes."""
    tampered = finding.kind is Kind.TAMPERED
    label = "tampered:" if tampered else "could not check:"
    sign = terminal.paint(label, "red" if tampered else "yellow", bold=True)
    message = terminal.wrap(printable(finding.message), indent=" " * (len(label) + 3), hanging=" " * 4).lstrip()
    lines = [f"  {sign} {message}"]
    rows = [("where", finding.path), ("expected", finding.expected), ("found", finding.found)]
    for name, text in [*rows, ("why", finding.why), ("try", finding.hint)]:
        if text:
            body = terminal.wrap(printable(text), hanging=" " * 11, indent=" " * 11).lstrip()
            lines.append(f"  {terminal.paint(name.ljust(8), dim=True)} {body}")
    for number, note in enumerate(finding.evidence, 1):
        lines.append(f"  {terminal.paint(f'signed note {number}', dim=True)}")
        lines += [folded for line in printable(note).splitlines() if line for folded in _folded(line)]
    return lines


def _folded(line: str) -> list[str]:
    """A line of a signed note, folded for the eye; `--json` has it verbatim."""
    room = terminal.width() - 6
    pieces = line.rsplit(" ", 1) if line.startswith("— ") else [line]
    cut = [piece[at : at + room] for piece in pieces for at in range(0, len(piece), room)]
    return [f"    {cut[0]}", *(f"      {piece}" for piece in cut[1:])]


def render(report: Report) -> str:
    """The report for a terminal."""
    lines = [_heading(report)]
    if report.origin is not None:
        lines.append(_row("log", printable(report.origin)))
    if report.key is not None and report.trust is not None:
        key_id = report.key.split("+", 2)[1]  # the base64 after it may hold a `+` of its own
        lines.append(_row("key", f"{key_id} ({report.trust.value})"))
    if report.checkpoint is not None:
        lines.append(_row("size", terminal.plural(report.checkpoint.size, "entry")))
        lines.append(_row("root", report.checkpoint.root))
    if report.previous is not None:
        lines.append(_row("extends", f"size {report.previous.size:,}, seen before"))
    if report.cosigned_by:
        lines.append(_row("cosigned", printable(", ".join(report.cosigned_by))))
    if report.entries or report.files:
        checked = [terminal.plural(report.entries, "entry"), terminal.plural(report.files, "file")]
        if report.blobs:
            checked.append(terminal.plural(report.blobs, "blob"))
        lines.append(_row("checked", ", ".join(checked)))
    for one in report.pushed:
        text = f"{one.origin}: {terminal.plural(one.size, 'entry')}, root {one.root} (entry {one.index:,})"
        lines.append(_row("pushed", terminal.wrap(printable(text), indent=" " * 13, hanging=" " * 13).lstrip()))
    lines += [
        _row("note", terminal.wrap(printable(note), indent=" " * 13, hanging=" " * 13).lstrip())
        for note in report.notes
    ]
    for finding in report.findings:
        lines += finding_lines(finding)
    if report.more_findings:
        lines.append(f"  … and {report.more_findings:,} more findings")
    return "\n".join(lines)


def explain(report: Report) -> str:
    """What was checked, what the verdict rests on, and what each kind of finding means."""
    paragraphs = []
    match report.verdict:
        case Verdict.FINE:
            paragraphs.append(
                "Every entry was hashed again, every hash above it computed again, and the result is the root "
                "that the log's key signed. Every file below the checkpoint holds what it must."
            )
        case Verdict.TAMPERED:
            paragraphs.append("The record is not the one that was signed, or not the one that was seen before.")
        case Verdict.COULD_NOT_CHECK:
            paragraphs.append("Nothing wrong was found, but something was out of reach: this is not the same as fine.")
    if report.trusted_on_first_use:
        paragraphs.append(
            "The key came from the same place as the log, so this proves that the log agrees with itself. "
            "Keep the key elsewhere and give it with --key to prove more."
        )
    if report.previous is None and report.remembered:
        paragraphs.append(
            "This log was not seen before, so nothing is known of its past. From now on it is remembered, and "
            "a later copy that was cut or rebuilt will be found out."
        )
    if not report.cosigned_by and report.checkpoint is not None:
        paragraphs.append(
            "No witness has cosigned the checkpoint: the holder of the log's key could still show another "
            "history to somebody who remembers nothing."
        )
    paragraphs += [
        f"{code}: {meaning}"
        for code, meaning in _MEANINGS.items()
        if any(finding.code == code for finding in report.findings)
    ]
    return "\n\n".join(textwrap.fill(text, terminal.width()) for text in paragraphs)
