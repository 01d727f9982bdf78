"""`"graven.sdk.django"` in INSTALLED_APPS: recording starts with the project."""

from django.apps import AppConfig
from django.conf import settings

from graven.errors import UsageError
from graven.sdk.django.changes import record_changes

__all__ = ["GravenConfig"]


class GravenConfig(AppConfig):  # type: ignore[misc]  # Django publishes no types
    """Reads the setting `GRAVEN`: the keyword arguments of `record_changes`, as a dictionary."""

    name = "graven.sdk.django"
    label = "graven"
    verbose_name = "Graven"

    def ready(self) -> None:
        """Raises `UsageError` for a setting that cannot work: a mistyped exclusion would record a secret."""
        given = getattr(settings, "GRAVEN", {})
        if not isinstance(given, dict) or not all(isinstance(name, str) for name in given):
            raise UsageError(f"the setting GRAVEN is a {type(given).__name__}", hint='GRAVEN = {"exclude": [...]}')
        try:
            record_changes(**given)
        except TypeError as error:
            raise UsageError(f"the setting GRAVEN cannot be used: {error}", hint="include, exclude, rows") from error
