"""What click says about a wrong command line, said as all of Graven's problems are: one line, and what to try."""

import difflib
from collections.abc import Mapping, Sequence

import click

from graven.errors import UsageError

__all__ = ["nearest_option", "usage_problem"]

_OTHER_WORDS: Mapping[str, str] = {
    "address": "listen",
    "bind": "listen",
    "dir": "data",
    "directory": "data",
    "host": "listen",
    "name": "log",
    "port": "listen",
    "tag": "label",
    "url": "server",
    "who": "actor",
}
"""What other programs call an option of ours."""


def usage_problem(error: click.UsageError) -> UsageError:
    """The same mistake as our error; the hint is the help page of the command that was meant."""
    path = error.ctx.command_path if error.ctx is not None else "graven"
    help_page = f"{path} --help"
    if isinstance(error, click.NoSuchOption):
        known = [name for param in error.ctx.command.params for name in param.opts] if error.ctx is not None else []
        near = nearest_option(error.option_name, known)
        meant = f": did you mean {near}?" if near else ""
        return UsageError(f"{path} has no option {error.option_name}{meant}", hint=help_page)
    message = " ".join(error.format_message().split())  # a missing choice comes as an indented list
    return UsageError(message[:1].lower() + message[1:].rstrip("."), hint=help_page)


def nearest_option(given: str, known: Sequence[str]) -> str | None:
    """The option that was probably meant; the dashes do not count as likeness."""
    names = {option.lstrip("-"): option for option in known if option.startswith("--")}
    name = given.lstrip("-")
    other = _OTHER_WORDS.get(name)
    if other in names:
        return names[other]
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.65)
    return names[close[0]] if close else None
