"""The `graven` command: one file per command under `commands/`, nothing heavy at import."""
