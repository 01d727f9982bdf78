"""An exception as an event's `error`: type, message, and the frames with their locals, within bounds."""

import types
from typing import Any

from graven.sdk.capture import Capture, Limits

__all__ = ["FRAME_LIMITS", "describe_failure"]

FRAME_LIMITS = Limits(depth=4, items=32, nodes=400)
"""Bounds of the locals of one frame."""

_FIRST_FRAMES = 8
_LAST_FRAMES = 24
_MOST_CAUSES = 5
_OWN_MODULES = "graven.sdk."


def describe_failure(error: BaseException, *, with_locals: bool = True) -> dict[str, Any]:
    """`{type, message, stack[]}` of event/1, outermost frame first; of a long stack the first and last are
    kept. Causes are appended to the message, as `caused by`. Never raises."""
    kind = type(error)
    stack = [frame for frame in _frames(error.__traceback__) if not _is_own(frame[0])]
    if len(stack) > _FIRST_FRAMES + _LAST_FRAMES:
        stack = stack[:_FIRST_FRAMES] + stack[-_LAST_FRAMES:]
    return {
        "type": kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}",
        "message": _message(error),
        "stack": [_frame(frame, line, with_locals) for frame, line in stack],
    }


def _frames(traceback: types.TracebackType | None) -> list[tuple[types.FrameType, int]]:
    frames = []
    while traceback is not None:
        frames.append((traceback.tb_frame, traceback.tb_lineno))
        traceback = traceback.tb_next
    return frames


def _is_own(frame: types.FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).startswith(_OWN_MODULES)


def _frame(frame: types.FrameType, line: int, with_locals: bool) -> dict[str, Any]:
    code = frame.f_code
    shown: dict[str, Any] = {"file": code.co_filename, "line": max(line or 0, 0), "function": code.co_qualname}
    # The locals of a module are its globals: its functions and imports say nothing about the failure.
    if with_locals and code.co_name != "<module>":
        capture = Capture(FRAME_LIMITS)
        members = {
            name: value
            for name, value in list(frame.f_locals.items())
            if not name.startswith("__") and not isinstance(value, types.ModuleType | types.FunctionType | type)
        }
        shown["locals"] = capture(members)
    return shown


def _message(error: BaseException) -> str:
    parts = [_text(error)]
    seen = {id(error)}
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    while cause is not None and id(cause) not in seen and len(parts) <= _MOST_CAUSES:
        parts.append(f"caused by {type(cause).__qualname__}: {_text(cause)}")
        seen.add(id(cause))
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "; ".join(parts)


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a broken __str__ must not hide the exception
        return "(its str() raises)"
