"""`@recorded`: one event per call, with arguments, result or exception."""

import functools
import inspect
import os
import time
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any, TypeVar, cast, overload

from graven.event import uuid7
from graven.sdk.capture import Capture, Limits
from graven.sdk.client import Client
from graven.sdk.composer import rfc3339
from graven.sdk.context import acting_as
from graven.sdk.default import default_client
from graven.sdk.failure import describe_failure

__all__ = ["recorded"]

_Function = TypeVar("_Function", bound=Callable[..., Any])
_YIELDED_KEPT = 16
ARGUMENT_LIMITS = Limits(depth=8, items=64, nodes=2000)


@overload
def recorded(action: _Function, /) -> _Function: ...
@overload
def recorded(
    action: str | None = None,
    *,
    client: Client | None = None,
    arguments: bool = True,
    result: bool = True,
    frame_locals: bool = True,
    **fields: Any,
) -> Callable[[_Function], _Function]: ...
def recorded(
    action: Any = None,
    *,
    client: Client | None = None,
    arguments: bool = True,
    result: bool = True,
    frame_locals: bool = True,
    **fields: Any,
) -> Any:
    """Record every call of a function, coroutine function, generator or async generator.

        @recorded(action="order.create")
        def create_order(sku: str, quantity: int) -> Order: ...

    Arguments are copied before the call (it may change them), the result after it; an exception is recorded
    with frames and locals, and raised on. Calls inside carry the call's id as `causation_id`. A generator
    gives one event when it ends, with how many values it yielded and the first of them. `client` None takes
    the process-wide one; `fields` are further members of the event (`labels={"team": "shop"}`).
    """
    if callable(action):
        return _decorate(action, _Plan(None, client, True, True, True, {}))
    plan = _Plan(action, client, arguments, result, frame_locals, fields)
    return lambda function: _decorate(function, plan)


class _Plan:
    __slots__ = ("action", "arguments", "client", "fields", "frame_locals", "result")

    def __init__(
        self,
        action: str | None,
        client: Client | None,
        arguments: bool,
        result: bool,
        frame_locals: bool,
        fields: dict[str, Any],
    ) -> None:
        self.action = action
        self.client = client
        self.arguments = arguments
        self.result = result
        self.frame_locals = frame_locals
        self.fields = fields


class _Call:
    """One running call: what was known when it began."""

    __slots__ = ("_action", "_began_ns", "_began_unix_ns", "_input", "_plan", "id", "yielded", "yielded_count")

    def __init__(self, plan: _Plan, action: str, signature: inspect.Signature | None, args: Any, kwargs: Any) -> None:
        self._plan = plan
        self._action = action
        self._began_unix_ns = time.time_ns()
        self.id = uuid7.make(self._began_unix_ns, os.urandom)
        self.yielded: list[Any] = []
        self.yielded_count = 0
        self._input = _arguments(signature, args, kwargs) if plan.arguments else None
        self._began_ns = time.perf_counter_ns()

    def scope(self) -> acting_as:
        return acting_as(causation_id=self.id)

    def saw(self, item: Any) -> None:
        self.yielded_count += 1
        if self._plan.result and len(self.yielded) < _YIELDED_KEPT:
            self.yielded.append(Capture(ARGUMENT_LIMITS)(item))

    def ended(self, output: Any = None, error: BaseException | None = None) -> None:
        duration_ns = time.perf_counter_ns() - self._began_ns
        client = self._plan.client or default_client()
        if client is None:
            return
        event: dict[str, Any] = {
            "action": self._action,
            "id": self.id,
            "time": rfc3339(self._began_unix_ns),
            "duration_ns": duration_ns,
            "outcome": "success" if error is None else "error",
            "input": self._input,
        }
        if self._plan.result:
            event["output"] = output
        if error is not None:
            event["error"] = describe_failure(error, with_locals=self._plan.frame_locals)
        client.record({**event, **self._plan.fields})

    def generator_ended(self, returned: Any = None, error: BaseException | None = None) -> None:
        output: dict[str, Any] = {"yielded": self.yielded_count, "first": self.yielded}
        if isinstance(error, GeneratorExit):
            output["closed_early"] = True
            error = None
        elif returned is not None:
            output["returned"] = returned
        self.ended(output, error)


def _decorate(function: _Function, plan: _Plan) -> _Function:
    action = plan.action or f"{function.__module__}.{function.__qualname__}"[:256]
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        signature = None

    def begin(args: Any, kwargs: Any) -> _Call:
        return _Call(plan, action, signature, args, kwargs)

    if inspect.iscoroutinefunction(function):
        wrapper = _around_coroutine(function, begin)
    elif inspect.isasyncgenfunction(function):
        wrapper = _around_async_generator(function, begin)
    elif inspect.isgeneratorfunction(function):
        wrapper = _around_generator(function, begin)
    else:
        wrapper = _around_function(function, begin)
    return cast("_Function", functools.wraps(function)(wrapper))


_Begin = Callable[[Any, Any], _Call]


def _around_function(function: Callable[..., Any], begin: _Begin) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        call = begin(args, kwargs)
        try:
            with call.scope():
                result = function(*args, **kwargs)
        except BaseException as error:
            call.ended(error=error)
            raise
        call.ended(result)
        return result

    return wrapper


def _around_coroutine(function: Callable[..., Any], begin: _Begin) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        call = begin(args, kwargs)
        try:
            with call.scope():
                result = await function(*args, **kwargs)
        except BaseException as error:
            call.ended(error=error)
            raise
        call.ended(result)
        return result

    return wrapper


def _around_generator(function: Callable[..., Any], begin: _Begin) -> Callable[..., Any]:
    # No scope: between two values the code of the consumer runs, in the same context.
    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        call = begin(args, kwargs)
        inner = function(*args, **kwargs)
        try:
            item = next(inner)
            while True:
                call.saw(item)
                try:
                    sent = yield item
                except GeneratorExit:
                    inner.close()
                    raise
                except BaseException as error:  # noqa: BLE001 - thrown in by the consumer, passed on
                    item = inner.throw(error)
                else:
                    item = inner.send(sent)
        except StopIteration as stop:
            call.generator_ended(stop.value)
            return stop.value
        except BaseException as error:
            call.generator_ended(error=error)
            raise

    return wrapper


def _around_async_generator(function: Callable[..., Any], begin: _Begin) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        call = begin(args, kwargs)
        inner = function(*args, **kwargs)
        try:
            item = await anext(inner)
            while True:
                call.saw(item)
                try:
                    sent = yield item
                except GeneratorExit:
                    await inner.aclose()
                    raise
                except BaseException as error:  # noqa: BLE001 - thrown in by the consumer, passed on
                    item = await inner.athrow(error)
                else:
                    item = await inner.asend(sent)
        except StopAsyncIteration:
            call.generator_ended()
        except BaseException as error:
            call.generator_ended(error=error)
            raise

    return wrapper


def _arguments(signature: inspect.Signature | None, args: Any, kwargs: Any) -> Any:
    """Argument names and captured values; without a usable signature, by position."""
    capture = Capture(ARGUMENT_LIMITS)
    try:
        if signature is not None:
            bound = signature.bind(*args, **kwargs)
            return capture({name: value for name, value in bound.arguments.items() if name not in {"self", "cls"}})
    except TypeError:  # the call itself will fail with a better message
        pass
    return capture({"args": list(args), "kwargs": dict(kwargs)})
