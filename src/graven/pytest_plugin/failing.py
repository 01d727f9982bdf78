"""A failed phase as `error` of event/1: type, message, and the frames of the test with their locals."""

import types
from typing import Any

from graven.pytest_plugin.values import Values
from graven.sdk.capture import Limits

__all__ = ["describe"]

FRAME_LIMITS = Limits(depth=5, items=32, nodes=400)
_FIRST_FRAMES = 6
_LAST_FRAMES = 14
_MOST_LOCALS = 40
_MOST_CAUSES = 5
_MACHINERY = ("_pytest.", "pluggy.", "graven.pytest_plugin.", "xdist.", "pytest_asyncio.", "unittest.")


def describe(error: BaseException, values: Values, *, with_locals: bool) -> dict[str, Any]:
    """`{type, message, stack[]}`, outermost frame first; causes are appended to the message."""
    kind = type(error)
    frames = _frames(error.__traceback__)
    kept = [frame for frame in frames if not _is_machinery(frame[0])] or frames[-1:]
    if len(kept) > _FIRST_FRAMES + _LAST_FRAMES:
        kept = kept[:_FIRST_FRAMES] + kept[-_LAST_FRAMES:]
    return {
        "type": kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}",
        "message": _message(error, values),
        "stack": [_frame(frame, line, values, with_locals) for frame, line in kept],
    }


def _frames(traceback: types.TracebackType | None) -> list[tuple[types.FrameType, int]]:
    frames = []
    while traceback is not None:
        frames.append((traceback.tb_frame, traceback.tb_lineno))
        traceback = traceback.tb_next
    return frames


def _is_machinery(frame: types.FrameType) -> bool:
    if frame.f_locals.get("__tracebackhide__") is True:
        return True
    name = str(frame.f_globals.get("__name__", ""))
    return f"{name}.".startswith(_MACHINERY)


def _frame(frame: types.FrameType, line: int, values: Values, with_locals: bool) -> dict[str, Any]:
    code = frame.f_code
    shown: dict[str, Any] = {"file": code.co_filename, "line": max(line or 0, 0), "function": code.co_qualname}
    if with_locals and code.co_name != "<module>":
        members: dict[str, Any] = {}
        for name, value in list(frame.f_locals.items()):
            if name.startswith(("__", "@")) or isinstance(value, types.ModuleType | types.FunctionType | type):
                continue
            if len(members) == _MOST_LOCALS:
                members["$cut"] = {"items": len(frame.f_locals)}
                break
            members[name] = values(value, FRAME_LIMITS)
        shown["locals"] = members
    return shown


def _message(error: BaseException, values: Values) -> str:
    parts = [_text(error, values)]
    seen = {id(error)}
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    while cause is not None and id(cause) not in seen and len(parts) <= _MOST_CAUSES:
        parts.append(f"caused by {type(cause).__qualname__}: {_text(cause, values)}")
        seen.add(id(cause))
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "; ".join(parts)


def _text(error: BaseException, values: Values) -> str:
    shown = values(_Said(error))
    return shown["text"] if type(shown) is dict and type(shown.get("text")) is str else "(its str() fails)"


class _Said:
    """`str(error)` asked for under the same watch as any other value."""

    __struct_fields__ = ("text",)

    def __init__(self, error: BaseException) -> None:
        self._error = error

    @property
    def text(self) -> str:
        return str(self._error)
