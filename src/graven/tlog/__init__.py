"""The log's public formats: pure functions and frozen values, no I/O, no clock, no randomness.

Every decoder is strict (one value, one spelling) and raises `InvalidInput`, nothing else.
Import the module that names what you need: `graven.tlog.merkle`, `.tiles`, `.bundle`, `.note`,
`.checkpoint`, `.cosignature`, `.policy`, `.proof`, `.witness_body`, `.encoding`.
"""

__all__: list[str] = []
