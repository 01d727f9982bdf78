"""What tests attach for Allure is attached here too: suites that have such calls need no others."""

import sys
from typing import Any

from graven.pytest_plugin.attachments import attach

__all__ = ["listen"]


def listen() -> None:
    """Hear of `allure.attach` and `allure.attach.file`, where the plugin of Allure is loaded."""
    commons: Any = sys.modules.get("allure_commons")
    if commons is None:
        return

    class Listener:
        @commons.hookimpl  # type: ignore[untyped-decorator]  # Allure's own
        def attach_data(self, body: Any, name: Any, attachment_type: Any, extension: Any) -> None:
            attach(_named(name, attachment_type, extension), body, _media_type(attachment_type))

        @commons.hookimpl  # type: ignore[untyped-decorator]
        def attach_file(self, source: Any, name: Any, attachment_type: Any, extension: Any) -> None:
            from pathlib import Path

            attach(
                _named(name or Path(source).name, attachment_type, extension),
                Path(source),
                _media_type(attachment_type),
            )

    if not commons.plugin_manager.has_plugin("graven"):
        commons.plugin_manager.register(Listener(), "graven")


def _media_type(kind: Any) -> str | None:
    """Allure names a type by a member of an enumeration, or by text."""
    found = getattr(kind, "mime_type", kind)
    return found if isinstance(found, str) else None


def _named(name: Any, kind: Any, extension: Any) -> str:
    ending = extension or getattr(kind, "extension", None)
    text = str(name or "attachment")
    return f"{text}.{ending}" if ending and "." not in text else text
