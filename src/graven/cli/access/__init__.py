"""How a command reaches a log: through a server, or straight on a data directory."""
