"""What a WSGI environ says about a request."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

__all__ = ["environ_carried", "environ_headers", "environ_uri"]


def environ_headers(environ: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The request's headers; WSGI has joined those that came twice."""
    found = [
        (name[5:].replace("_", "-").lower(), str(value)) for name, value in environ.items() if name.startswith("HTTP_")
    ]
    plain = [name for name in ("CONTENT_TYPE", "CONTENT_LENGTH") if environ.get(name) not in (None, "")]
    return found + [(name.replace("_", "-").lower(), str(environ[name])) for name in plain]


def environ_uri(environ: Mapping[str, Any]) -> str:
    """The absolute URI, path quoted again."""
    host = environ.get("HTTP_HOST") or f"{environ.get('SERVER_NAME', 'localhost')}:{environ.get('SERVER_PORT', '80')}"
    path = (environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")).encode("latin-1", "replace")
    query = environ.get("QUERY_STRING", "")
    return f"{environ.get('wsgi.url_scheme', 'http')}://{host}{quote(path)}{'?' + query if query else ''}"


def environ_carried(carried: Mapping[str, str]) -> dict[str, str]:
    """Headers under their names in an environ."""
    return {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in carried.items()}
