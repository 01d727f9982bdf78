"""Where the demonstration's examples are: in the installed package, or in a source checkout."""

from pathlib import Path

import graven
from graven.errors import GravenError

__all__ = ["examples_folder"]


def examples_folder() -> Path:
    """The folder that holds `k8s-audit`, `shop` and `shop_tests`."""
    package = Path(graven.__file__).parent
    for candidate in (package / "cli" / "demo_data", package.parents[1] / "examples"):
        if (candidate / "k8s-audit").is_dir():
            return candidate
    raise GravenError(
        "the examples of the demonstration are missing",
        why="they are neither in the installed package nor beside its source",
        hint="reinstall graven, or run `make demo` in a source checkout",
    )
