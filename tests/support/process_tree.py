"""The processes that a process started, and what the kernel says of them (Linux)."""

from pathlib import Path

__all__ = ["children_of", "command_line", "memory_bytes"]


def children_of(pid: int) -> list[int]:
    """Direct children of any of its threads."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def command_line(pid: int) -> str:
    """Its arguments, joined by spaces."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def memory_bytes(pid: int, name: str) -> int:
    """`VmRSS` (now) or `VmHWM` (the most it ever held)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"process {pid} has no {name}")
