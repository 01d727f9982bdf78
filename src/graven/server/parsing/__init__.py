"""Parsing of large bodies in processes of its own, beside the one that holds the log.

Parsing takes more than half of the processor time of an append and needs nothing of the log: bytes in, a
`PreparedBatch` out. In a process of its own it does not hold the interpreter lock of the writer.
"""

from graven.server.parsing.pool import ParserPool

__all__ = ["ParserPool"]
