"""`python -m graven` is the same program as `graven`."""

from graven.cli.main import main

main()
