"""See `main`."""

from graven.index.process.main import main

main()
