"""Graven: an audit log that cannot be rewritten, made for QA teams."""

__version__ = "0.1.0"
