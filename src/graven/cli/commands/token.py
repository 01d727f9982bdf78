"""`graven token`: create, list and revoke tokens."""

from pathlib import Path

import click

from graven.cli import terminal
from graven.cli.lazy import COMMANDS, TeachingCommand, TeachingGroup
from graven.cli.options import access_options, json_option, open_chosen

__all__ = ["command"]

EXAMPLES = """
graven token create shop-api --role recorder --on default
graven token list
graven token revoke mzxw6ytboi2a
"""

ROLES = ("recorder", "reader", "auditor", "operator")


@click.group("token", cls=TeachingGroup, short_help=COMMANDS["token"], epilog=EXAMPLES)
def command() -> None:
    """Create, list and revoke tokens.

    Roles: recorder (append only), reader (search, entries and their proofs), auditor (also exports whole
    logs and reads "system"), operator (logs and tokens, no payloads). Nobody can delete. Every change is
    recorded in the log "system" first.
    """


@command.command("create", cls=TeachingCommand, epilog="graven token create shop-api --role recorder --on default")
@click.argument("name")
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help="What it may do. Repeatable."
)
@click.option("--on", "logs", multiple=True, metavar="LOG", help="Only these logs; without it, all. Repeatable.")
@access_options
@json_option
def create(
    name: str,
    roles: tuple[str, ...],
    logs: tuple[str, ...],
    server: str | None,
    token: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Make a token called NAME and print it, once: only its hash is kept."""
    with open_chosen(server, data, token) as access:
        token_id, text = access.create_token(name, roles, logs)
    if as_json:
        terminal.emit_json({"id": token_id, "token": text, "name": name, "roles": roles, "logs": logs})
        return
    print(text)
    terminal.note(f"token {token_id} ({name}: {', '.join(roles)}). Keep it now: it is not shown again.")


@command.command("list", cls=TeachingCommand, epilog="graven token list --json")
@access_options
@json_option
def list_tokens(server: str | None, token: str | None, data: Path | None, as_json: bool) -> None:
    """List tokens, without their secrets."""
    with open_chosen(server, data, token) as access:
        tokens = access.tokens()
    if as_json:
        terminal.emit_json([info._asdict() for info in tokens])
        return
    rows = [
        [
            info.id,
            info.name,
            ", ".join(info.roles),
            ", ".join(info.logs) or "all",
            f"revoked {info.revoked[:10]}" if info.revoked else info.created[:10],
        ]
        for info in tokens
    ]
    print(terminal.table(["ID", "NAME", "ROLES", "LOGS", "SINCE"], rows))


@command.command("revoke", cls=TeachingCommand, epilog="graven token revoke mzxw6ytboi2a")
@click.argument("token_id", metavar="ID")
@access_options
@json_option
def revoke(token_id: str, server: str | None, token: str | None, data: Path | None, as_json: bool) -> None:
    """Revoke the token with this ID, at once and for ever."""
    with open_chosen(server, data, token) as access:
        access.revoke_token(token_id)
    if as_json:
        terminal.emit_json({"id": token_id, "revoked": True})
    else:
        print(f"{terminal.mark(True)} token {token_id} is revoked")
