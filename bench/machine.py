"""What machine a number was measured on, and how a result is printed."""

import os
import platform
import resource
import sys
from pathlib import Path

__all__ = ["describe", "directory", "raise_file_limit", "resident_mib", "row"]


def describe() -> str:
    """One line: processor, cores, kernel, Python."""
    model = "unknown processor"
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores} cores, {platform.system()} {platform.release()}, Python {platform.python_version()}"


def resident_mib(pid: int) -> float:
    """Resident memory of a process and its children now (the sum of VmRSS: shared pages count twice), in MiB."""
    total = 0
    children = [
        child for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]
    for one in (str(pid), *children):
        for line in Path(f"/proc/{one}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total / 1024


def raise_file_limit() -> None:
    """Use as many file descriptors as the hard limit allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def row(name: str, value: str, goal: str = "", note: str = "") -> None:
    """Print one result as a line of a Markdown table."""
    print(f"| {name} | {value} | {goal} | {note} |")
    sys.stdout.flush()


def directory(text: str) -> Path:
    """Of a command line; it is made where there is none yet."""
    path = Path(text)
    path.mkdir(parents=True, exist_ok=True)
    return path
