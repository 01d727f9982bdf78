"""subprocess: every Popen, also those under `run` and `check_output`; recorded when its end is known.

Output is seen where `communicate` collected it; what the application reads from the pipes itself is not.
A process that nobody waited for is recorded at flush, without exit code.
"""

import os
from typing import Any

from graven.pytest_plugin.io.body import Tee, body_members
from graven.pytest_plugin.io.call import Call, Sink
from graven.pytest_plugin.io.patches import Patches

__all__ = ["patch"]

_CALL = "_graven_call"


def patch(subprocess: Any, patches: Patches, sink: Sink) -> None:  # noqa: C901 - four small wrappers
    """Capture the processes that `Popen` starts."""
    popen = subprocess.Popen

    def wrap_init(init: Any) -> Any:
        def __init__(self: Any, args: Any, *more: Any, **kwargs: Any) -> None:  # noqa: N807 - it replaces that one
            call = sink.start("process.run")
            if call is None:
                init(self, args, *more, **kwargs)
                return
            with sink.guard():
                argv = _argv(args)
                call.method = {"protocol": "process", "operation": "spawn", "statement": argv[0] if argv else ""}
                cwd = kwargs.get("cwd")
                call.input = {"argv": argv, "cwd": os.fspath(cwd) if cwd is not None else _here()}
                if kwargs.get("shell"):
                    call.input["shell"] = True
            try:
                with sink.covering("io.undeclared"):
                    init(self, args, *more, **kwargs)
            except BaseException as problem:
                call.failed(problem)
                call.end()
                raise
            vars(self)[_CALL] = call
            call.output = {"pid": self.pid}
            sink.hold(call)

        return __init__

    def wrap_wait(wait: Any) -> Any:
        def waiting(self: Any, *args: Any, **kwargs: Any) -> Any:
            code = wait(self, *args, **kwargs)
            if self.returncode is not None and not vars(self).get("_graven_communicating"):
                _exited(self, sink)
            return code

        return waiting

    def wrap_communicate(communicate: Any) -> Any:
        def communicating(self: Any, input: Any = None, timeout: Any = None) -> Any:  # noqa: A002 - its real name
            if _CALL not in vars(self):
                return communicate(self, input, timeout)
            vars(self)["_graven_communicating"] = True
            try:
                out, err = communicate(self, input, timeout)
            finally:
                vars(self).pop("_graven_communicating", None)
            with sink.guard():
                call: Call = vars(self)[_CALL]
                if input is not None:
                    call.input["stdin"] = _stream(input)
                for name, text in (("stdout", out), ("stderr", err)):
                    if text is not None:
                        call.output[name] = _stream(text)
            _exited(self, sink)
            return out, err

        return communicating

    patches.wrap(popen, "__init__", wrap_init)
    patches.wrap(popen, "wait", wrap_wait)
    patches.wrap(popen, "poll", wrap_wait)
    patches.wrap(popen, "communicate", wrap_communicate)


def _exited(process: Any, sink: Sink) -> None:
    call: Call | None = vars(process).pop(_CALL, None)
    if call is None:
        return
    with sink.guard():
        call.output["exit_code"] = process.returncode
        call.outcome = "success" if process.returncode == 0 else "failure"
    call.end()


def _argv(args: Any) -> list[str]:
    parts = [args] if isinstance(args, str | bytes | os.PathLike) else list(args)
    return [os.fsdecode(part) for part in parts]


def _here() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 - a string is what is recorded
    except OSError:  # it was deleted
        return None


def _stream(content: str | bytes) -> dict[str, Any]:
    data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else bytes(content)
    members = body_members(Tee(data))
    return {name.removeprefix("body_") if name != "body" else "text": value for name, value in members.items()}
