"""The words of a segment: a tantivy index over texts whose tokens are already apart (`derive.words`).

One writer thread and one commit, so that it is one tantivy segment and a document's number is its row; where the writer
ran out of memory and made several, the row is read from a fast field instead.
"""

import mmap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import tantivy

from graven.index.segment.codes import Mask

__all__ = ["Terms", "build_terms"]

_TEXT: Final = "text"
_ROW: Final = "row"
_HEAP_BYTES: Final = 384 * 2**20
_SLICE: Final = 8_192  # texts as Python strings at a time
_WORDS: Final = "words.txt"
"""Every token of the segment on a line: parts of words are sought there, thirty times as fast as in the terms."""
_MOST_WORDS: Final = 1_024


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field(_TEXT, tokenizer_name="whitespace", index_option="position")
    builder.add_integer_field(_ROW, fast=True)
    return builder.build()


def build_terms(text: pa.StringArray | pa.ChunkedArray, folder: Path) -> None:
    """Index the texts, row by row, into an empty folder. Nulls count as empty."""
    writer = tantivy.Index(_schema(), str(folder)).writer(_HEAP_BYTES, 1)
    document = tantivy.Document
    row = 0
    for start in range(0, len(text), _SLICE):
        for words in text[start : start + _SLICE].to_pylist():
            entry = document()
            if words:
                entry.add_text(_TEXT, words)
            entry.add_integer(_ROW, row)
            writer.add_document(entry)
            row += 1
    writer.commit()
    writer.wait_merging_threads()
    words = tantivy.Index.open(str(folder)).searcher().terms_with_prefix(_TEXT, "")
    (folder / _WORDS).write_bytes(b"\n" + "\n".join(word for word, _ in words).encode() + b"\n")


@contextmanager
def _without_panics() -> Iterator[None]:
    """A panic within tantivy, which damaged files bring about, is no `Exception` in Python: a ValueError here."""
    try:
        yield
    except (Exception, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        raise ValueError(f"the terms are damaged: {error}") from error


class Terms:
    """Searches; any thread. ValueError where files are damaged so that it shows."""

    def __init__(self, folder: Path, count: int) -> None:
        with _without_panics():
            self._index = tantivy.Index.open(str(folder))
            self._searcher = self._index.searcher()
        self._count = count
        # mapped: a segment made anew takes this name. This keeps a descriptor, the only one of a sealed segment: over a
        # buffer without one, `re` takes up to twice as long as `mmap.find`, and Arrow four times.
        with (folder / _WORDS).open("rb") as file:
            self._words = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if self._searcher.num_docs != count:
            raise ValueError(f"{folder} has {self._searcher.num_docs} documents, expected {count}")

    def rows(self, tokens: Sequence[str], *, prefix: bool, infix: bool) -> Mask | None:
        """Rows in which the tokens stand one after another; None when that cannot be told from the terms."""
        schema = self._index.schema
        if infix or (prefix and len(tokens) == 1):
            words = self._with_part(tokens[0], begins=not infix)
            if not words:
                return np.zeros(self._count, np.bool_)
            if len(words) <= _MOST_WORDS:
                query = tantivy.Query.term_set_query(schema, _TEXT, words)
            else:
                try:
                    query = tantivy.Query.regex_query(schema, _TEXT, f"{'.*' if infix else ''}{tokens[0]}.*")
                except ValueError:  # a part with more states than its automata may have
                    return None
        elif len(tokens) == 1:
            query = tantivy.Query.term_query(schema, _TEXT, tokens[0], "basic")
        elif prefix:
            return None
        else:
            phrase: list[Any] = list(tokens)
            query = tantivy.Query.phrase_query(schema, _TEXT, phrase)
        with _without_panics():
            hits = self._searcher.search(query, limit=max(1, self._count), count=False).hits
        mask = np.zeros(self._count, np.bool_)
        if not hits:
            return mask
        if self._searcher.num_segments == 1:
            mask[np.fromiter((address.doc for _, address in hits), np.int64, len(hits))] = True
        else:
            with _without_panics():
                rows = self._searcher.fast_field_values(_ROW, [address for _, address in hits])
            mask[np.array(rows, np.int64)] = True
        return mask

    def _with_part(self, part: str, *, begins: bool) -> list[str]:
        """Tokens that hold the part, or begin with it; one more than `_MOST_WORDS` when there are too many."""
        words, needle = self._words, (b"\n" if begins else b"") + part.encode()
        found: list[str] = []
        at = words.find(needle)
        while at >= 0 and len(found) <= _MOST_WORDS:
            end = words.find(b"\n", at + len(needle))
            found.append(words[words.rfind(b"\n", 0, at + 1) + 1 : end].decode())
            at = words.find(needle, end)
        return found
