"""The demonstration: record, prove, verify, attack."""
