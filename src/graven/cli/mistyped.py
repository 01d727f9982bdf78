"""What click says about a wrong command line, said as all of Graven's problems are: one line, and what to try."""

import difflib
import re
import shlex
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

_AS_WORDS = ("--query",)
"""What commands that take words have no option for."""
_OF_COMMANDS = ("--server", "--token", "--data", "--log", "--json")
"""Options that nearly every command has, and no group."""

_EXTRA = re.compile(r"Got unexpected extra arguments? \((.*)\)\Z", re.DOTALL)
"""How click says it; it has no class of its own."""


def usage_problem(error: click.UsageError) -> UsageError:
    """The same mistake as our error; the hint is the help page of the command that was meant."""
    path = error.ctx.command_path if error.ctx is not None else "graven"
    help_page = f"{path} --help"
    if isinstance(error, click.NoSuchOption):
        known = _options(error.ctx)
        near = nearest_option(error.option_name, known)
        if near is None and _takes_words(error.ctx) and nearest_option(error.option_name, _AS_WORDS):
            return UsageError(f"{path} has no option {error.option_name}: the query needs none", hint=f"{path} 'QUERY'")
        if near is None and isinstance(error.ctx and error.ctx.command, click.Group):
            near = nearest_option(error.option_name, _OF_COMMANDS)
            if near is not None:
                return UsageError(
                    f"{path} has no option {error.option_name}: {near} stands behind the command",
                    hint=f"{path} COMMAND {near} …",
                )
        meant = f": did you mean {near}?" if near else ""
        return UsageError(f"{path} has no option {error.option_name}{meant}", hint=help_page)
    extra = _EXTRA.match(error.message)
    if extra is not None and error.ctx is not None and "--query" in _options(error.ctx):
        query = " ".join(filter(None, [error.ctx.params.get("query"), extra[1]]))
        return UsageError(f"{path} takes its query as one text, with -q", hint=f"{path} -q {shlex.quote(query)}")
    message = " ".join(error.format_message().split())  # a missing choice comes as an indented list
    return UsageError(message[:1].lower() + message[1:].rstrip("."), hint=help_page)


def _options(ctx: click.Context | None) -> list[str]:
    return [] if ctx is None else [name for param in ctx.command.params for name in param.opts]


def _takes_words(ctx: click.Context | None) -> bool:
    return ctx is not None and any(param.name == "words" for param in ctx.command.params)


def nearest_option(given: str, known: Sequence[str]) -> str | None:
    """The option that was probably meant; the dashes do not count as likeness."""
    names = {option.lstrip("-"): option for option in known if option.startswith("--")}
    name = "query" if given == "-q" else given.lstrip("-")
    other = _OTHER_WORDS.get(name)
    if other in names:
        return names[other]
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.65)
    return names[close[0]] if close else None
