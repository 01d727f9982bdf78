"""The query language: text → tree → answers. Nothing here reads a clock or a file."""
