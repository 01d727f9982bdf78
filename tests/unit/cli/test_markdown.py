"""The judge is a Markdown parser: what it makes of our text must be that text and nothing else."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from graven.cli.markdown import block, code, cut, row
from graven.cli.printable import printable

HOSTILE = [
    "<script>alert(1)</script>",
    "</code></summary></details><img src=x onerror=a>",
    "a|b|c",
    "`` ` ```",
    "**bold** _it_ ~~gone~~ $x$",
    "[link](http://evil.example) ![i](x)",
    "www.evil.example and http://evil.example and me@evil.example",
    "&lt;b&gt; &#60; &amp;",
    "\\*a\\*",
    "@everyone #12 :tada:",
    "line\nbreak\r\n\n# heading\n- item",
    "\x1b[31m\u202egnp.exe\x00",
    "<!-- comment",
    "]]><![CDATA[",
]
_RENDER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.others: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag if not attrs else f"{tag} {attrs}")

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)


def read(markdown: str) -> _Reader:
    reader = _Reader()
    reader.feed(_RENDER.render(markdown))
    reader.close()
    return reader


def in_one_line(text: str) -> str:
    return printable(" ".join(text.split()))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_line_is_read_as_it_is(text):
    page = read(f"before {code(text)} after")
    assert page.tags == ["p", "code"]
    assert page.text.strip() == f"before {in_one_line(text)} after"
    assert page.others == []


@given(st.text(max_size=80))
def test_any_line_is_read_as_it_is(text):
    page = read(f"before {code(text)} after")
    assert page.tags == ["p", "code"]
    assert page.text.strip() == f"before {in_one_line(text)} after"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_cell_stays_one_cell(text):
    page = read("\n".join([row("a", "b"), row("---", "---"), row(code(text), "end")]))
    assert page.tags == ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "code", "td"]
    assert in_one_line(text) in page.text


@given(st.text(alphabet=st.sampled_from("`~\n\\<>&|a #-"), max_size=60))
def test_a_block_is_read_as_it_is(text):
    page = read(f"before\n\n{block(text)}\n\nafter")
    assert page.tags == ["p", "pre", "code [('class', 'language-text')]", "p"]
    assert page.text == f"before\n{text}\n\nafter\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_block_inside_of_details_does_not_end_them(text):
    page = read(f"<details><summary>{code(text)}</summary>\n\n{block(text)}\n\n</details>")
    assert page.tags == ["details", "summary", "code", "pre", "code [('class', 'language-text')]"]


@pytest.mark.parametrize("text", ["www.evil.example", "http://evil.example", "me@evil.example", "$x$", ":tada:", "#12"])
def test_nothing_is_left_of_what_github_makes_links_formulas_and_pictures_of(text):
    assert not set(code(text).removeprefix("<code>").removesuffix("</code>")) & set("$@") - set("&#;")
    assert "://" not in code(text)
    assert "www." not in code(text)


def test_a_cut_text_says_how_much_is_missing():
    assert cut("x" * 1500, 300) == "x" * 300 + "… (1,200 more characters)"


def test_a_long_block_says_how_many_lines_are_missing():
    assert "\n… 1,440 more lines\n" in block("x\n" * 1499 + "x", chars=10_000)
