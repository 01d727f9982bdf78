"""Mappers: other formats into entries of their own format, and into event/1 for readers."""
