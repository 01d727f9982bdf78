"""`graven alert`: what alerts there are, one alert, and a dry run of one over the past."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from graven.cli import terminal
from graven.cli.lazy import COMMANDS, TeachingCommand, TeachingGroup
from graven.cli.options import access_options, json_option, log_option, read_chosen
from graven.cli.query_options import complete_field, taught
from graven.errors import NotFound, UsageError

if TYPE_CHECKING:
    from graven.cli.access.questions import Search

__all__ = ["command"]

EXAMPLES = """
graven alert list
graven alert set refund-burst -q action:refund.create --count 5 --within 10m --by actor --to https://hooks.example/qa
graven alert set shop-quiet --query source:shop-api --silent-for 2h
graven alert set refund-burst --off
graven alert test denial-burst --over 7d
"""


@click.group(
    "alert",
    cls=TeachingGroup,
    short_help=COMMANDS["alert"],
    epilog=EXAMPLES,
    meant={"create": "set", "add": "set", "new": "set", "edit": "set", "update": "set", "remove": "delete"},
)
def command() -> None:
    """Be told when a query matches too often, or no more.

    An alert belongs to one log and is watched by the server. That it fired is an event of the log "system", whoever
    is told.
    """


def _condition_options(function: Any) -> Any:
    for option in (
        click.option("--silent-for", metavar="TIME", help="Fire when nothing matched for so long: 10m."),
        click.option("--by", metavar="FIELD", shell_complete=complete_field, help="Count for each value of it: actor."),
        click.option("--within", metavar="TIME", help="… within so long: 5m."),
        click.option("--count", type=click.IntRange(min=1), metavar="N", help="Fire at so many matches …"),
        click.option("-q", "--query", metavar="QUERY", help="What is counted; docs/reference/query.md."),
    ):
        function = option(function)
    return function


@command.command("list", cls=TeachingCommand, epilog="graven alert list\ngraven alert list --log system --json")
@log_option
@access_options
@json_option
def list_alerts(log: str, server: str | None, token: str | None, data: Path | None, as_json: bool) -> None:
    """List the alerts of a log.

    Whether each is watched or cannot tell anybody, when it fires, who is told and when it last fired ("-": never,
    "?": you may not read the log system). In a terminal what there is no room for is cut or left out.
    """
    from graven.cli.alert_delivery import all_given_up
    from graven.cli.alert_table import alert_table
    from graven.cli.alerting import last_firings
    from graven.cli.fitted import room

    with read_chosen(server, data, token) as access:
        search = access.searcher()
        alerts = search.alerts(log)
        names = [str(one["alert"]["name"]) for one in alerts]
        fired = {} if as_json or not alerts else last_firings(search, log, names)
        failed = {} if as_json else all_given_up(search, log, [one["alert"] for one in alerts])
    if as_json:
        terminal.emit_json(alerts)
        return
    if not alerts:
        terminal.note(f'the log "{log}" has no alerts: graven alert set --help')
        return
    print("\n".join(alert_table(alerts, fired, failed, width=room(), now_ns=time.time_ns())))


@command.command(
    "show",
    cls=TeachingCommand,
    short_help="Show one alert, and when it last fired.",
    epilog="graven alert show denial-burst",
)
@click.argument("name")
@log_option
@access_options
@json_option
def show(name: str, log: str, server: str | None, token: str | None, data: Path | None, as_json: bool) -> None:
    """Show one alert, when it last fired, what waits to be sent and why, and where the last delivery was given up.

    Operators are also shown the secret by which a receiver checks the signature of what it is sent.
    """
    from graven.cli.alert_delivery import given_up
    from graven.cli.alerting import alert_lines, last_fired

    with read_chosen(server, data, token) as access:
        search = access.searcher()
        found = search.alert(log, name)
        fired = None if as_json else last_fired(search, log, name)
        failed = () if as_json else given_up(search, log, found["alert"])
    if as_json:
        terminal.emit_json(found)
    else:
        print("\n".join(alert_lines(found, fired, failed, now_ns=time.time_ns())))


@command.command(
    "set",
    cls=TeachingCommand,
    short_help="Set an alert, or change one.",
    epilog="graven alert set refund-burst -q action:refund.create --count 5 --within 10m --by actor\n"
    "graven alert set shop-quiet -q source:shop-api --silent-for 2h --to mailto:qa@shop.example --severity error\n"
    "graven alert set refund-burst --to https://hooks.example/qa\n"
    "graven alert set refund-burst --off",
)
@click.argument("name")
@_condition_options
@click.option("--to", multiple=True, metavar="ADDRESS", help="A webhook (https://…) or mailto:…; may be repeated.")
@click.option(
    "--severity", type=click.Choice(["info", "warning", "error", "critical"]), help="How loud it is [warning]."
)
@click.option("--cooldown", metavar="TIME", help="After it fired a count rests for so long [5m].")
@click.option("--on/--off", "enabled", default=None, help="Watch it; keep it, but do not watch.")
@log_option
@access_options
@json_option
def set_alert(
    name: str,
    query: str | None,
    count: int | None,
    within: str | None,
    by: str | None,
    silent_for: str | None,
    to: tuple[str, ...],
    severity: str | None,
    cooldown: str | None,
    enabled: bool | None,
    log: str,
    server: str | None,
    token: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Set the alert NAME (a-z, 0-9 and "-"), or change what is given of the one that has the name.

    A new one needs either --count N --within TIME, or --silent-for TIME. An empty --query, --by or --to takes away
    what was there. The first deliveries to a new address are the proof that it is the right one: graven alert test
    shows how often the alert would have fired. One that comes with Graven and was deleted is there again after
    graven alert set NAME --on.
    """
    from graven.cli.alerting import made_alert, set_text
    from graven.detect.rule import encode_alert

    options: dict[str, Any] = {
        "query": query,
        "count": count,
        "within": within,
        "by": by,
        "silent_for": silent_for,
        "to": to,
        "severity": severity,
        "cooldown": cooldown,
        "enabled": enabled,
    }
    if all(value in (None, ()) for value in options.values()):
        raise UsageError("nothing is given that could be set", hint="graven alert set --help")
    with read_chosen(server, data, token) as access, taught(query or ""):
        search = access.searcher()
        body = encode_alert(made_alert(name, **options, current=_current(search, log, name)))
        search.put_alert(log, name, body)
    if as_json:
        terminal.emit_json({"log": log, "alert": json.loads(body)})
        return
    print(f"{terminal.mark(True)} {set_text(terminal.paint(name, bold=True), log, json.loads(body))}")
    if not json.loads(body).get("to"):
        terminal.note("nobody is told: it only becomes an event of the log (--to https://… or mailto:…)")


def _current(search: "Search", log: str, name: str) -> dict[str, Any] | None:
    """The alert that has the name; None when there is none."""
    try:
        found: dict[str, Any] = search.alert(log, name)["alert"]
    except NotFound as error:
        if error.code != "unknown_alert":
            raise
        return None
    return found


@command.command("delete", cls=TeachingCommand, epilog="graven alert delete denial-burst")
@click.argument("name")
@log_option
@access_options
@json_option
def delete(name: str, log: str, server: str | None, token: str | None, data: Path | None, as_json: bool) -> None:
    """Delete an alert; what it has recorded stays."""
    with read_chosen(server, data, token) as access:
        access.searcher().delete_alert(log, name)
    if as_json:
        terminal.emit_json({"log": log, "deleted": name})
    else:
        print(f"{terminal.mark(True)} alert {terminal.paint(name, bold=True)} of {log} is deleted")


@command.command(
    "test",
    cls=TeachingCommand,
    short_help="Say how often an alert would have fired.",
    epilog="graven alert test denial-burst --over 7d\n"
    "graven alert test -q outcome:denied --count 10 --within 1m --over 1d",
)
@click.argument("name", required=False)
@_condition_options
@click.option("--cooldown", metavar="TIME", help="After it fired it rests for so long [5m, or as NAME has it].")
@click.option("--over", metavar="TIME", default="1d", help="How far back to look [1d].")
@log_option
@access_options
@json_option
def test(
    name: str | None,
    query: str | None,
    count: int | None,
    within: str | None,
    by: str | None,
    silent_for: str | None,
    cooldown: str | None,
    over: str,
    log: str,
    server: str | None,
    token: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Say how often and when an alert would have fired: the alert NAME, or one that is spelled with options.

    Nothing is sent and nothing is set. The matches of that time go through the alert as the server watches it, in their
    order and with its rest after each firing; of more than 100,000 matches the newest 100,000.
    """
    from graven.cli.alert_replay import dry_run
    from graven.cli.alerting import made_alert, seconds_of

    if (name is None) == (query is None and count is None and silent_for is None):
        raise UsageError(
            "an alert to test: NAME, or --query with --count and --within", hint="graven alert test --help"
        )
    with read_chosen(server, data, token) as access, taught(query or ""):
        search = access.searcher()
        if name is not None:
            alert = search.alert(log, name)["alert"]
            if cooldown is not None:
                alert |= {"cooldown_s": seconds_of("--cooldown", cooldown)}
        else:
            from graven.detect.rule import encode_alert

            alert = json.loads(
                encode_alert(
                    made_alert(
                        "test",
                        query=query,
                        count=count,
                        within=within,
                        by=by,
                        silent_for=silent_for,
                        cooldown=cooldown,
                    )
                )
            )
        found = dry_run(search, log, alert, over=over, now_ns=time.time_ns())
    if as_json:
        terminal.emit_json(found.facts)
        return
    print("\n".join(found.lines))
    for at, hint in enumerate(found.hints):
        terminal.note(f"  {'    ' if at else 'try:'} {hint}")
