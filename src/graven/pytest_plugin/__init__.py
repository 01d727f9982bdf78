"""The pytest recorder. Names are imported at first use: a pytest run without `--graven` loads `entry` only."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graven.pytest_plugin.attachments import attach
    from graven.pytest_plugin.place import Place, current
    from graven.pytest_plugin.record import record_call

__all__ = ["Place", "attach", "current", "record_call"]


def __getattr__(name: str) -> Any:
    if name in {"Place", "current"}:
        from graven.pytest_plugin import place

        return getattr(place, name)
    if name == "attach":
        from graven.pytest_plugin.attachments import attach

        return attach
    if name == "record_call":
        from graven.pytest_plugin.record import record_call

        return record_call
    raise AttributeError(f"module 'graven.pytest_plugin' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
