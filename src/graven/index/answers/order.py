"""The two orders of a page; without NumPy, since folders are searched by scanning, too."""

from typing import Literal

__all__ = ["Order"]

Order = Literal["newest", "oldest"]
