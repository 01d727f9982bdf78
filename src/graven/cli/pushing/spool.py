"""What a pytest that was killed left in the spool of its data directory: it belongs to the log that is pushed."""

from pathlib import Path

from graven.cli import terminal
from graven.errors import GravenError

__all__ = ["merge_spool"]


def merge_spool(data: Path) -> None:
    """Merge what lies in the spool of `data` and nobody writes any more; says so when that is not possible."""
    folder = data / "spool"
    if not folder.is_dir():
        return
    from graven.pytest_plugin.spool import finished_spools

    waiting = len(list(finished_spools(folder)))
    if not waiting:
        return
    what = terminal.plural(waiting, "spool file")
    try:
        from graven.pytest_plugin.datadir import merge

        merged = merge(data, "")
    except ImportError:
        terminal.note(f"{what} in {folder} stay out: a log is written on Linux and macOS only; push from there")
    except (GravenError, OSError) as error:
        terminal.note(f"{what} in {folder} stay out of the log: {error}")
    else:
        terminal.note(f"merged {what} of a session that was killed: {terminal.plural(merged.new, 'event')}")
