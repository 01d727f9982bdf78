"""`graven completion`: the script that teaches a shell to complete."""

import click

from graven.cli import terminal
from graven.cli.lazy import COMMANDS, TeachingCommand
from graven.cli.options import json_option

__all__ = ["command"]

EXAMPLES = """
graven completion bash > ~/.local/share/bash-completion/completions/graven
graven completion zsh > ~/.zfunc/_graven
graven completion fish > ~/.config/fish/completions/graven.fish
"""


@click.command("completion", cls=TeachingCommand, short_help=COMMANDS["completion"], epilog=EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@json_option
@click.pass_context
def command(ctx: click.Context, shell: str, as_json: bool) -> None:
    """Print the completion script of a shell."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}", ctx)
    script = kind(ctx.find_root().command, {}, "graven", "_GRAVEN_COMPLETE").source()
    if as_json:
        terminal.emit_json({"shell": shell, "script": script})
    else:
        print(script)
