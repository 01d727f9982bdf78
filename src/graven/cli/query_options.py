"""A query on the command line: its words, the options that bound it, and where it is wrong."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from graven.cli.access.questions import Question
from graven.cli.lazy import TeachingCommand
from graven.errors import GravenError, InvalidInput

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from graven.cli.zone import Zone

__all__ = [
    "QueryCommand",
    "complete_field",
    "complete_fields",
    "query_argument",
    "question_of",
    "range_options",
    "shape_options",
    "shown_place",
    "taught",
]

F = TypeVar("F", bound=Callable[..., Any])


class QueryCommand(TeachingCommand):
    """A command whose words may begin with a minus: `-env:dev` is a part of a query, not an option.

    `--name` and `-x` are options, and so is a known short one with its number (`-n20`). After `--`, all is words.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click, after the words have been put behind a `--`."""
        options, words = _apart(self, ctx, args)
        return super().parse_args(ctx, [*options, "--", *words] if words else options)


def _apart(command: click.Command, ctx: click.Context, args: list[str]) -> tuple[list[str], list[str]]:
    takes_value: dict[str, bool] = dict.fromkeys(ctx.help_option_names, False)
    for param in command.get_params(ctx):
        if isinstance(param, click.Option):
            takes_value |= dict.fromkeys((*param.opts, *param.secondary_opts), not param.is_flag and not param.count)
    options: list[str] = []
    words: list[str] = []
    left = list(args)
    while left:
        word = left.pop(0)
        if word == "--":
            words += left
            break
        if not _is_option(word, takes_value):
            words.append(word)
            continue
        options.append(word)
        if takes_value.get(word) and left:
            options.append(left.pop(0))
    return options, words


def _is_option(word: str, known: dict[str, bool]) -> bool:
    if word.startswith("--"):
        return len(word) > 2
    if not word.startswith("-"):
        return False
    return len(word) == 2 or (known.get(word[:2], False) and word[2:].isdecimal())


def query_argument(function: F) -> F:
    """The words of a query, joined by spaces; the command gets them as `words`."""
    return click.argument("words", metavar="[QUERY]...", nargs=-1, type=click.STRING, shell_complete=_complete_word)(
        function
    )


def range_options(function: F) -> F:
    """`--since`, `--until`, `--clock` and `--zone`."""
    for option in (
        click.option(
            "--zone",
            metavar="ZONE",
            help="Zone of times, read and shown: local, Z or an offset such as +02:00 [local].",
        ),
        click.option(
            "--clock",
            type=click.Choice(["received", "claimed"]),
            help="Whose time --since and --until mean: the server's, or what the producer claims [received].",
        ),
        click.option("--until", metavar="TIME", help="Before this moment; as --since."),
        click.option(
            "--since", metavar="TIME", help='From this moment on: 2h (ago), 2026-11-27, "2026-11-27 10:15", RFC 3339.'
        ),
    ):
        function = option(function)
    return function


def shape_options(function: F) -> F:
    """`--fields`, `--template` and `--relative`."""
    for option in (
        click.option("--relative", is_flag=True, help="Say how long ago: 3 min ago."),
        click.option(
            "--template", metavar="TEXT", help="A line of text for each, with fields in braces: '{received} {actor}'."
        ),
        click.option(
            "--fields",
            metavar="A,B,…",
            shell_complete=complete_fields,
            help="A table of these fields (those of queries).",
        ),
    ):
        function = option(function)
    return function


def question_of(
    words: tuple[str, ...], since: str | None, until: str | None, clock: str | None, zone: "Zone"
) -> Question:
    """What is asked."""
    return Question(" ".join(words).strip(), since, until, clock, zone.text)


@contextmanager
def taught(query: str) -> Iterator[None]:
    """A `bad_query` of the block gets the query as `why`, with a mark under the place and what was expected there; a
    wrong `--since` or `--until` is named as it was given, with the nearest right one."""
    try:
        yield
    except InvalidInput as error:
        if error.code == "bad_query" and not error.why and isinstance(error.details.get("position"), int):
            error.why = shown_place(query, error, width=_width())
        if error.code == "bad_parameter" and (name := error.details.get("parameter")) in ("since", "until"):
            meant = error.details.get("meant")
            error.message = f"--{error.message.replace('=', ' ', 1)}"
            error.hint = f"--{name} {meant}" if meant else f'--{name} 2h, --{name} 1d or --{name} "2026-11-27 10:15"'
        raise


def _width() -> int:
    from graven.cli import terminal

    return terminal.width() - len("error: ")


def shown_place(query: str, error: GravenError, *, width: int) -> str:
    """The query on one line, cut around the place, and below it the mark: `^^^^ a field is expected`."""
    from rich.cells import cell_len

    start = max(0, min(int(error.details["position"]), len(query)))
    end = max(start + 1, min(int(error.details.get("end", start + 1)), len(query)))
    text = "".join(" " if char.isspace() else char if char.isprintable() else "?" for char in query) or " "
    first = max(0, min(start - width // 3, len(text) - width + 2)) if len(text) > width - 2 else 0
    before = ("…" if first else "") + text[first:start]
    rest = text[start : first + width - 4]
    shown = before + rest + ("…" if first + width - 4 < len(text) else "")
    gap = len(shown) - len(shown.lstrip())  # a label comes before the first line, and takes its spaces away
    marked = max(1, min(end, first + width - 4) - start)
    expected = error.details.get("expected")
    said = " or ".join(map(str, expected[:6])) if isinstance(expected, list) and expected else ""
    said = f" expected: {said}" if said and "expected" not in error.message else ""
    return f"{shown.strip() or '(nothing)'}\n{' ' * (cell_len(before) - gap)}{'^' * marked}{said}"


def _complete_word(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Names of fields, with their colon; values are not asked for: a key press must not wait for a server."""
    from click.shell_completion import CompletionItem

    from graven.index.query.fields import FIELDS
    from graven.index.query.names import PSEUDO

    sign = "-" if incomplete.startswith("-") else ""
    begun = incomplete[len(sign) :]
    named = [(field.name, field.doc) for field in FIELDS] + list(PSEUDO.items())
    ends = {field.name: "." for field in FIELDS if field.kind in {"map", "json"}}
    return [
        CompletionItem(f"{sign}{name}{ends.get(name, ':')}", help=doc) for name, doc in named if name.startswith(begun)
    ]


def complete_fields(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names of fields, separated by commas."""
    before, comma, begun = incomplete.rpartition(",")
    from graven.index.query.fields import FIELDS

    return [f"{before}{comma}{field.name}" for field in FIELDS if field.name.startswith(begun)]


def complete_field(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """A field that can be counted by value."""
    from graven.index.query.fields import FACETS

    return [field.name for field in FACETS if field.name.startswith(incomplete)]
