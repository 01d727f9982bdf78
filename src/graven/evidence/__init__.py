"""Evidence to hand over: proof archives with their own verifier, and plain tiles for other people's readers."""
