"""The name by which a test is recorded."""

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["recorded_name", "text_parameters"]


def text_parameters(item: Any) -> dict[str, str]:
    """The parameters that pytest spells in the name of a test."""
    callspec = getattr(item, "callspec", None)
    return {} if callspec is None else {name: text for name, text in callspec.params.items() if type(text) is str}


def recorded_name(item: Any, is_secret: Callable[[str, Mapping[str, Any]], bool]) -> str:
    """The node id; where its parameters hold a secret they are named as pytest names those that it cannot spell: by
    argument and position, which stays the same from run to run."""
    callspec = getattr(item, "callspec", None)
    name = str(item.nodeid)
    if callspec is None or not is_secret(name, text_parameters(item)):
        return name
    named = "-".join(f"{argument}{position}" for argument, position in callspec.indices.items())
    return f"{name.removesuffix(f'[{callspec.id}]')}[{named}]"
