"""Calling back when a module has been imported, so that capture imports nothing for its own sake."""

import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

__all__ = ["ImportHook"]


class ImportHook:
    """A finder that finds nothing itself: it lets the others find, and runs the callback after the module ran.

    The spec's own loader is kept and its `exec_module` wrapped on the instance, so `__loader__` and resource
    readers stay those of the module.
    """

    def __init__(self, callbacks: Mapping[str, Callable[[ModuleType], None]]) -> None:
        self._waiting = dict(callbacks)
        self._finding: set[str] = set()

    def install(self) -> None:
        """Serve modules that are loaded already, then wait for the others."""
        for name in list(self._waiting):
            module = sys.modules.get(name)
            if module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False):
                self._waiting.pop(name)(module)
        sys.meta_path.insert(0, self)

    def uninstall(self) -> None:
        """Stop waiting."""
        self._waiting.clear()
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Part of the finder protocol."""
        if name not in self._waiting or name in self._finding:
            return None
        self._finding.add(name)
        try:
            spec = importlib.util.find_spec(name)
        except ValueError:  # a module without spec sits in sys.modules
            return None
        finally:
            self._finding.discard(name)
        loader: Any = spec.loader if spec is not None else None
        if loader is None or not hasattr(loader, "exec_module"):
            return spec
        run = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            run(module)
            callback = self._waiting.pop(name, None)
            if callback is not None:
                callback(module)

        try:
            loader.exec_module = exec_module
        except AttributeError:  # a loader with slots or a class as loader: leave the import alone
            return None
        return spec
