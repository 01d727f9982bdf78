"""JSON bodies of the calls that change something: one value has one spelling, or it is refused.

The framework's decoder keeps the last of duplicate members, so that a body may say one thing to whoever looks at it
first and another to us, and fails on deep nesting with an error of its own. Events have their own way in.
"""

from typing import Any

from litestar import Request

from graven.errors import InvalidInput
from graven.event import strictjson

__all__ = ["StrictRequest"]


class StrictRequest(Request[Any, Any, Any]):
    """For Litestar's `request_class`."""

    async def json(self) -> Any:
        """The value of the body; InvalidInput (`bad_request`) for what is no JSON, has duplicate members or nests
        too deep."""
        body = await self.body()
        try:
            return strictjson.loads(body or b"null")
        except InvalidInput as error:
            raise InvalidInput(
                f"the body: {error.message}", hint="see /schema", code="bad_request", details=error.details
            ) from error
