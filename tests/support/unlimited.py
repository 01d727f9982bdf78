"""For questions that may take as long as they like: a `check` that never raises."""

__all__ = ["unlimited"]


def unlimited() -> None:
    """No end."""
