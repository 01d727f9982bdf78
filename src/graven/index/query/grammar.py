"""The grammar: how a query falls into words, heads (`field:`, `field>=`), quotes and parentheses.

LALR with a contextual lexer: what follows a head is a value, whatever it looks like, and runs to white space or a
parenthesis. A head needs its value at once; `actor: alice` and a keyword in the wrong place come out as plain words,
which `parse` refuses by name. What words and values mean is not grammar: `conditions` knows.
"""

from functools import cache
from typing import Final

from lark import Lark, Transformer
from lark.lexer import Token

__all__ = ["HEAD", "KEYWORDS", "NAME", "OPERATOR", "QUOTED", "SEGMENT", "VALUE", "parser"]

KEYWORDS: Final = ("AND", "OR", "NOT")
QUOTED: Final = r'"[^"\\]*(?:\\(?s:.)[^"\\]*)*"'
VALUE: Final = r'[^\s()"][^\s()]*'
NAME: Final = r"[^\W\d][\w\-]*"
SEGMENT: Final = r'\.[^\s()":<>=\[\].\\]+|\.' + QUOTED + r"|\[[0-9]{0,9}\]"
OPERATOR: Final = r":|[<>]=?"
HEAD: Final = f"{NAME}(?:{SEGMENT})*(?:{OPERATOR})"
_END: Final = r"(?=[\s()]|\Z)"

_GRAMMAR: Final = rf"""
start: expression?

?expression: conjunction (_OR conjunction)*  -> any_of
?conjunction: term (_AND? term)*             -> all_of
?term: (NOT | MINUS) term                    -> negated
     | LPAR expression _RPAR                 -> grouped
     | (WORD | QUOTED)                       -> word
     | HEAD (VALUE | QUOTED)                 -> condition
     | HEAD LPAR values _RPAR                -> field_group

?values: all_values (_OR all_values)*        -> any_of
?all_values: value (_AND? value)*            -> all_of
?value: (NOT | MINUS) value                  -> negated
      | LPAR values _RPAR                    -> grouped
      | (VALUE | QUOTED)                     -> word

HEAD.4: /{HEAD}(?=[^\s)])/
QUOTED.4: /{QUOTED}{_END}/
_AND.3: /AND{_END}/
_OR.3: /OR{_END}/
NOT.3: /NOT{_END}/
MINUS.2: /-(?=[^\s)])/
WORD.1: /{VALUE}/
VALUE.1: /{VALUE}/
LPAR: "("
_RPAR: ")"
%ignore /\s+/
"""


@cache
def parser(transformer: type[Transformer[Token, object]]) -> Lark:
    """The parser whose rules call a `transformer` while it reads, so that no tree is walked recursively."""
    return Lark(_GRAMMAR, parser="lalr", lexer="contextual", transformer=transformer(), maybe_placeholders=False)
