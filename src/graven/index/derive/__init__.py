"""From entries to columns: what an entry means, read by a mapper per format, in batches without Python per event."""
