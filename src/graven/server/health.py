"""Whether the process answers, whether it takes entries, and its numbers."""

from functools import partial
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from graven.server.access import Principal
from graven.server.service import Service

__all__ = ["health_routes"]


def health_routes(service: Service) -> list[HTTPRouteHandler]:
    """The three calls."""

    @get("/healthz", tags=["health"], sync_to_thread=False)
    def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @get("/readyz", tags=["health"], sync_to_thread=False)
    def readyz() -> Response[dict[str, Any]]:
        """Every log takes entries, and the server is not stopping."""
        stopped = {log.name: str(log.stopped) for log in service.logs.all() if log.stopped is not None}
        if service.stopping or stopped:
            status = {"status": "stopping" if service.stopping else "stopped", "logs": stopped}
            return Response(status, status_code=503)
        return Response({"status": "ready"}, status_code=200)

    @get("/metrics", media_type="text/plain", tags=["health"])
    async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Prometheus exposition; needs a token unless `access.public_metrics`. A token for certain logs sees their
        samples and not those of `system` (an auditor's does, if it is for it), nor what counts all logs together."""
        may_see = None
        if not service.settings.access.public_metrics:
            principal = service.authenticate(dict(request.scope["headers"]))
            principal.require("metrics")
            may_see = None if principal.logs is None else partial(_may_see_numbers, principal)
        text = await service.on_disk(service.metrics.text, may_see)
        return Response(text, media_type="text/plain; version=0.0.4")

    return [healthz, readyz, metrics]


def _may_see_numbers(principal: Principal, log: str) -> bool:
    return principal.may("read" if log == "system" else "metrics", log)
