"""`flask --app wsgi doctor`: checks a hub and its surroundings, and says what to do about each problem."""

from functools import partial

import click
from flask import current_app
from flask.cli import with_appcontext

from app.cli.doctor import configuration, events, outside, running, runtime, storage
from app.cli.doctor.findings import Check, Finding, Level, Redaction, guarded
from app.cli.groups import HubCommand
from app.cli.interrupts import until_interrupted
from app.cli.remote import HubClient, default_url
from app.cli.terminal import say, say_json
from app.extensions import db

MARKS = {Level.OK: ("✓", "green"), Level.WARNING: ("!", "yellow"), Level.FAILURE: ("✗", "red")}
NAME_WIDTH = 13


@click.command("doctor", cls=HubCommand)
@click.option("--url", help="Look at the streams that clients reach by this URL, too.")
@click.option("--ca", type=click.Path(exists=True, dir_okay=False), help="PEM file of that URL's authority.")
@click.option("--heartbeat", is_flag=True, help="With --url: also stay until a heartbeat has come.")
@click.option("--json", "as_json", is_flag=True, help="{ok, checks: [{group, level, name, seen, advice}]}.")
@with_appcontext
@until_interrupted
def doctor(url: str | None, ca: str | None, heartbeat: bool, as_json: bool) -> None:
    """Check configuration, versions, database, broker, clocks, limits and the hub that runs.

    With --url also the way on which clients come: TLS, HTTP version, WebSockets, proxies, and whether
    something buffers the streams. For that it opens a stream of a recipient that it makes and deletes.

    \b
    ✓ is well   ! should be looked at   ✗ is wrong: the exit code is 1

    Secrets are never shown.

    \b
    Examples:
      flask --app wsgi doctor
      flask --app wsgi doctor --url https://hub.example
      flask --app wsgi doctor --json | jq '.checks[] | select(.level != "ok")'
    """
    hide = Redaction(configuration.secrets(current_app.config))
    found: list[tuple[str, Finding]] = []
    for group, check in _checks(url, ca, heartbeat).items():
        if not as_json:
            say(click.style(group, bold=True))
        for finding in guarded(check):
            shown = finding._replace(seen=hide(finding.seen), advice=hide(finding.advice))
            found.append((group, shown))
            if not as_json:
                _show(shown)
        db.session.remove()
    is_well = all(finding.level is not Level.FAILURE for _, finding in found)
    if as_json:
        checks = [{"group": group, **finding._asdict()} for group, finding in found]
        say_json({"ok": is_well, "checks": checks})
    else:
        say("\n" + _summary([finding for _, finding in found]))
    if not is_well:
        raise click.exceptions.Exit(1)


def _checks(url: str | None, ca: str | None, heartbeat: bool) -> dict[str, Check]:
    checks: dict[str, Check] = {
        "configuration": configuration.check,
        "machine": runtime.check,
        "database": storage.check,
        "broker": events.check,
    }
    own = _own_hub()
    if own is not None:
        checks["hub"] = partial(running.check, own)
    if url is not None:
        hub = HubClient(url, ca=ca)
        direct = own if own is not None and own.url != hub.url else None
        checks[hub.url] = partial(outside.check, hub, direct, heartbeat)
    return checks


def _own_hub() -> HubClient | None:
    """The hub of this configuration; None where it listens on a Unix socket."""
    try:
        return HubClient(default_url())
    except click.UsageError:
        return None


def _show(finding: Finding) -> None:
    mark, color = MARKS[finding.level]
    say(f"  {click.style(mark, fg=color, bold=True)} {finding.name.ljust(NAME_WIDTH)} {finding.seen}")
    if finding.level is not Level.OK:
        say(f"    {' ' * NAME_WIDTH} {click.style('→', fg=color)} {finding.advice}")


def _summary(findings: list[Finding]) -> str:
    levels = [finding.level for finding in findings]
    bad, strange = levels.count(Level.FAILURE), levels.count(Level.WARNING)
    if bad:
        more = f", and {strange} to be looked at" if strange else ""
        return click.style(f"{bad} wrong{more}.", fg="red", bold=True)
    if strange:
        return click.style(f"Nothing is wrong; {strange} to be looked at.", fg="yellow", bold=True)
    return click.style("All is well.", fg="green", bold=True)
