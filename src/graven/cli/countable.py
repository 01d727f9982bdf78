"""The field of `--by`, before anything is asked: one whose values are enumerated."""

from graven.errors import UsageError
from graven.index.query.fields import BY_NAME, FACETS
from graven.index.query.problems import nearest

__all__ = ["countable"]


def countable(name: str) -> str:
    """The name of the field to count by. UsageError for several, for none that is known, and for one of free values."""
    name = name.strip()
    known = [field.name for field in FACETS]
    could = f"those that can: {', '.join(known)}"
    if not name:
        raise UsageError("--by names no field", hint=f"--by action; {could}")
    if "," in name:
        first = next(filter(None, (part.strip() for part in name.split(","))), "action")
        raise UsageError(f"--by takes one field, and {name[:80]!r} are several", hint=f"--by {first}, then the next")
    field = BY_NAME.get(name)
    if field is None:
        near = nearest(name, known)
        raise UsageError(f"--by: unknown field {name[:80]!r}", hint=f"did you mean --by {near}?" if near else could)
    if field not in FACETS:
        raise UsageError(f"--by: {name} cannot be counted by value", hint=could)
    return name
