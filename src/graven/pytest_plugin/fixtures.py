"""The values of fixtures when they were set up and at the end of the test."""

from typing import Any

from graven.pytest_plugin.values import Values

__all__ = ["Fixtures"]

_INTERNAL = ("_xunit_", "_unittest_")


class Fixtures:
    """Values at set-up, by fixture name; those of wider scopes stay for the tests that follow."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._wide: dict[int, Any] = {}
        self._narrow: dict[int, Any] = {}

    def begin(self) -> None:
        """A new attempt: what was set up for the last test only is over."""
        self._narrow.clear()

    def was_set_up(self, definition: Any, item: Any) -> Any:
        """Capture the value of a fixture that was just set up; gives the captured form."""
        if _is_machinery(definition, item):
            return None
        cached = definition.cached_result
        if cached is None:
            return None
        shown = {"error": type(cached[2][0]).__qualname__} if cached[2] is not None else self._values(cached[0])
        (self._narrow if definition.scope == "function" else self._wide)[id(definition)] = shown
        return shown

    def of(self, item: Any) -> dict[str, Any]:
        """`{name: {scope, setup, end}}` for what the test used; `end` stands there only when it differs."""
        shown: dict[str, Any] = {}
        definitions = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
        for name, value in list((getattr(item, "funcargs", None) or {}).items()):
            definition = (definitions.get(name) or (None,))[-1]
            if definition is None or _is_machinery(definition, item):
                continue
            setup = self._narrow.get(id(definition), self._wide.get(id(definition)))
            end = self._values(value)
            shown[name] = {"scope": definition.scope, "setup": setup}
            if end != setup:
                shown[name]["end"] = end
        return shown


def _is_machinery(definition: Any, item: Any) -> bool:
    """Fixtures of pytest itself, except the paths it gives, and what plugins put around every test."""
    name = definition.argname
    if name in {"tmp_path", "tmpdir"}:
        return False
    module = str(getattr(definition.func, "__module__", ""))
    if name.startswith(_INTERNAL) or module.startswith(("_pytest.", "graven.pytest_plugin.")):
        return True
    code = getattr(definition.func, "__code__", None)
    asked_for = getattr(getattr(item, "_fixtureinfo", None), "argnames", ())
    return name not in asked_for and code is not None and "site-packages" in code.co_filename
