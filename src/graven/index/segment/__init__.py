"""Segments: columns, codes, keys and terms of a range of entries, and the rows in them that a query matches."""
