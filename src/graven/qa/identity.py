"""How a test is named (identity version 1): by its name alone, or with its suite in front."""

__all__ = ["full_name"]


def full_name(suite: str, test: str) -> str:
    """`suite::test`; the test alone when it names its suite itself, as a pytest id does."""
    return test if not suite or test.startswith(f"{suite}::") else f"{suite}::{test}"
