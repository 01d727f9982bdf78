"""Search at ten million events: `python -m bench.search`."""
