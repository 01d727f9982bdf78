"""The derived index: what the entries of a log mean, kept so that anything in it is found (DESIGN.md §5)."""
