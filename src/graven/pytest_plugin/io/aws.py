"""botocore (and boto3 on it): API calls with their parameters and parsed answers; the HTTP below is covered.

A streaming body in the answer is left to the application and noted by its type.
"""

from typing import Any

from graven.pytest_plugin.io.call import Sink
from graven.pytest_plugin.io.patches import Patches

__all__ = ["patch"]


def patch(client: Any, patches: Patches, sink: Sink) -> None:
    """Capture the calls of all service clients."""

    def wrap(make: Any) -> Any:
        def _make_api_call(self: Any, operation_name: str, api_params: Any) -> Any:
            call = sink.start("aws.call")
            if call is None:
                return make(self, operation_name, api_params)
            with sink.guard():
                service = self.meta.service_model.service_name
                call.method = {
                    "protocol": "aws",
                    "operation": f"{service}.{operation_name}",
                    "uri": self.meta.endpoint_url,
                }
                call.input = {name: _shown(value) for name, value in api_params.items()}
            try:
                with call.running("aws.call", "http.request", "io.undeclared"):
                    answer = make(self, operation_name, api_params)
                with sink.guard():
                    call.output = {name: _shown(value) for name, value in answer.items()}
            finally:
                call.end()
            return answer

        return _make_api_call

    patches.wrap(client.BaseClient, "_make_api_call", wrap)


def _shown(value: Any) -> Any:
    if hasattr(value, "read"):
        return f"(stream: {type(value).__module__}.{type(value).__qualname__})"
    return value
