"""`graven prove`: the proof of one entry as a `.tlog-proof` file."""

from pathlib import Path

import click

from graven.cli import terminal
from graven.cli.entry_index import index_named, teach_last
from graven.cli.lazy import COMMANDS, TeachingCommand
from graven.cli.options import access_options, json_option, log_option, read_chosen
from graven.cli.output_folder import check_folder
from graven.cli.shown_bytes import stdout_bytes
from graven.tlog.encoding import encode_base64
from graven.tlog.proof import parse_proof

__all__ = ["command"]

EXAMPLES = """
graven prove 57 -o order-42.tlog-proof
graven show 57 --raw > order-42.entry
graven key show > log.vkey
graven verify order-42.tlog-proof --key log.vkey
"""


@click.command("prove", cls=TeachingCommand, short_help=COMMANDS["prove"], epilog=EXAMPLES)
@click.argument("event", metavar="INDEX|ID")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the proof here; without it, to standard output.",
)
@log_option
@access_options
@json_option
def command(
    event: str,
    output: Path | None,
    log: str,
    server: str | None,
    token: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Write the proof that an entry is in the log: by its log index ("last" is the newest), or the id of its event.

    The file follows C2SP tlog-proof: the hashes from the entry up to a signed checkpoint. Whoever has
    the entry, the proof and the log's key can check it without this log, this server or this program.
    `graven verify` takes an entry that lies beside the proof under the same name, ending in `.entry`.
    """
    if output is not None:
        check_folder(output)
    with read_chosen(server, data, token) as access:
        number = index_named(access, log, event)
        with teach_last(access, log, "prove"):
            content = access.proof(log, number)
    if output is not None:
        output.write_bytes(content)
    if as_json:
        proof = parse_proof(content)
        terminal.emit_json(
            {
                "index": proof.index,
                "hashes": [encode_base64(h) for h in proof.hashes],
                "checkpoint": proof.checkpoint.decode(),
                "file": str(output) if output is not None else None,
            }
        )
    elif output is None:
        out = stdout_bytes()  # as text it would depend on the encoding, and be another proof
        out.write(content)
        out.flush()
    else:
        print(f"{terminal.mark(True)} proof of entry {number} written to {terminal.paint(str(output), bold=True)}")
        entry = output.with_suffix(".entry")
        of = "" if log == "default" else f" --log {log}"
        terminal.note(
            f"check it: graven show {number}{of} --raw > {entry}; graven key show{of} > log.vkey; "
            f"graven verify {output} --key log.vkey"
        )
