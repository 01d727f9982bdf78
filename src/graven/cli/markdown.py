"""Text from elsewhere in GitHub-flavoured Markdown, where it is read and does nothing. Pure.

Names and messages of tests are written by whoever is tested. In a line, every character that Markdown, HTML or
GitHub (links without brackets, mentions, formulas) takes for its own becomes a character reference; in a block, the
fence is longer than any run of backticks in the text.
"""

import re

from graven.cli.printable import printable

__all__ = ["block", "code", "cut", "row"]

_ACTIVE = re.compile(r"[!\"#$&'*.:<>@\[\\\]_`|~]")
_BACKTICKS = re.compile("`+")


def cut(text: str, chars: int) -> str:
    """The text, or its beginning with what is left out in numbers."""
    return text if len(text) <= chars else f"{text[:chars]}… ({len(text) - chars:,} more characters)"


def code(text: str, *, chars: int = 300) -> str:
    """The text in one line, as code; safe in a sentence, a table cell and a <summary>."""
    line = printable(cut(" ".join(text.split()), chars))
    return f"<code>{_ACTIVE.sub(lambda found: f'&#{ord(found.group())};', line)}</code>"


def block(text: str, language: str = "text", *, chars: int = 4000, lines: int = 60) -> str:
    """The text as a fenced block; needs a blank line around it."""
    shown = printable(cut(text.replace("\r\n", "\n"), chars)).split("\n")
    if len(shown) > lines:
        shown = [*shown[:lines], f"… {len(shown) - lines:,} more lines"]
    body = "\n".join(shown)
    fence = "`" * max([3, *(len(run) + 1 for run in _BACKTICKS.findall(body))])
    return f"{fence}{language}\n{body}\n{fence}"


def row(*cells: str) -> str:
    """A row of a table; the cells are Markdown already."""
    return f"| {' | '.join(cells)} |"
