"""Changes that go through Django's ORM, recorded when their transaction commits, as the user of the request.

    INSTALLED_APPS = [..., "graven.sdk.django"]
    MIDDLEWARE = [..., "django.contrib.auth.middleware.AuthenticationMiddleware", "graven.sdk.django.Middleware"]

Signals see neither `update()` nor `bulk_create()`, `bulk_update()`, fast deletes, `SET_NULL` or the rows of a
many-to-many relation. All of these, and `save()` and `delete()` too, end in one of three kinds of query, so that is
where changes are seen: `statements` reads the rows beside each INSERT, UPDATE and DELETE, table by table.

Not seen: raw SQL, and what the database does by itself in other rows (triggers, cascades of the database).
"""

from graven.sdk.django.changes import ModelChanges, record_changes
from graven.sdk.django.middleware import Middleware

__all__ = ["Middleware", "ModelChanges", "record_changes"]
