"""The server's side of the index: a process that it starts and watches, and the questions it passes on."""
