"""Files of other formats into a log: read in pieces, sent in batches, and told about part by part."""
