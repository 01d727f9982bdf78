"""The native event, its validation, the mappers from other formats, redaction (DESIGN.md §3)."""
