"""redis-py, sync and async: commands, and pipelines as one record with the commands in order."""

from typing import Any

from graven.pytest_plugin.io.call import Call, Sink
from graven.pytest_plugin.io.patches import Patches

__all__ = ["patch", "patch_async"]


def patch(client: Any, patches: Patches, sink: Sink) -> None:
    """Capture `redis.client`."""

    def wrap_command(execute: Any) -> Any:
        def execute_command(self: Any, *args: Any, **options: Any) -> Any:
            call = _start(sink, self, [list(args)])
            if call is None:
                return execute(self, *args, **options)
            try:
                with call.running("redis.command", "io.undeclared"):
                    call.output = {"reply": execute(self, *args, **options)}
            finally:
                call.end()
            return call.output["reply"]

        return execute_command

    def wrap_pipeline(execute: Any) -> Any:
        def execute_pipeline(self: Any, *args: Any, **kwargs: Any) -> Any:
            call = _start_pipeline(sink, self)
            if call is None:
                return execute(self, *args, **kwargs)
            try:
                with call.running("redis.command", "io.undeclared"):
                    call.output = {"reply": execute(self, *args, **kwargs)}
            finally:
                call.end()
            return call.output["reply"]

        return execute_pipeline

    patches.wrap(client.Redis, "execute_command", wrap_command)
    patches.wrap(client.Pipeline, "execute", wrap_pipeline)


def patch_async(client: Any, patches: Patches, sink: Sink) -> None:
    """Capture `redis.asyncio.client`."""

    def wrap_command(execute: Any) -> Any:
        async def execute_command(self: Any, *args: Any, **options: Any) -> Any:
            call = _start(sink, self, [list(args)])
            if call is None:
                return await execute(self, *args, **options)
            try:
                with call.running("redis.command", "io.undeclared"):
                    call.output = {"reply": await execute(self, *args, **options)}
            finally:
                call.end()
            return call.output["reply"]

        return execute_command

    def wrap_pipeline(execute: Any) -> Any:
        async def execute_pipeline(self: Any, *args: Any, **kwargs: Any) -> Any:
            call = _start_pipeline(sink, self)
            if call is None:
                return await execute(self, *args, **kwargs)
            try:
                with call.running("redis.command", "io.undeclared"):
                    call.output = {"reply": await execute(self, *args, **kwargs)}
            finally:
                call.end()
            return call.output["reply"]

        return execute_pipeline

    patches.wrap(client.Redis, "execute_command", wrap_command)
    patches.wrap(client.Pipeline, "execute", wrap_pipeline)


def _start(sink: Sink, client: Any, commands: list[list[Any]]) -> Call | None:
    call = sink.start("redis.command")
    if call is not None:
        with sink.guard():
            pool = client.connection_pool.connection_kwargs
            where = pool.get("path") or f"{pool.get('host')}:{pool.get('port')}"
            name = str(commands[0][0]) if len(commands) == 1 else "PIPELINE"
            call.method = {"protocol": "redis", "operation": name, "uri": f"redis://{where}/{pool.get('db') or 0}"}
            call.input = {"commands": commands}
    return call


def _start_pipeline(sink: Sink, pipeline: Any) -> Call | None:
    commands: list[list[Any]] = []
    with sink.guard():
        commands = [list(args) for args, _ in pipeline.command_stack]
    # An empty pipeline sends nothing.
    return _start(sink, pipeline, commands) if commands else None
