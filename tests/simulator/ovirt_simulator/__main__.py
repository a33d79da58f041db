# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: serve the sites of a scenario, end and start them, and break things."""

from __future__ import annotations

import argparse
import dataclasses
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from . import processes
from .administration import ArrayAdministrator, SiteAdministrator
from .generated import Size, generate
from .processes import State, StateError
from .profiles import PROFILES
from .scenario import DEFAULT, ScenarioError, load


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command; return the exit status."""
    chosen = _parser().parse_args(arguments)
    try:
        chosen.run(State(chosen.state), chosen)
    except (StateError, ScenarioError) as exc:
        print(f"ovirt_simulator: {exc}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ovirt_simulator", description=__doc__)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--state", type=Path, required=True, metavar="DIR", help="where everything is kept")
    one_site = argparse.ArgumentParser(add_help=False, parents=[common])
    one_site.add_argument("--site", required=True)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", parents=[common], help="start all sites, each in its own process")
    serve.add_argument("--scenario", type=Path, default=DEFAULT, metavar="FILE", help="default: %(default)s")
    serve.add_argument("--profile", default="instant", choices=sorted(PROFILES))
    serve.add_argument("--version", default="4.5", choices=["4.3", "4.4", "4.5"], help="that the engines report")
    serve.add_argument("--port-base", type=int, default=0, metavar="N", help="port of the first site; default: any")
    for one in dataclasses.fields(Size):
        text = f"generate a scenario with so many {one.name} (per VM for disks and nics); default: {one.default}"
        serve.add_argument(f"--{one.name}", type=int, metavar="N", help=text)
    serve.set_defaults(run=_serve)

    replicate = commands.add_parser("replicate", parents=[common], help="bring the arrays' copies up to date")
    replicate.add_argument("--array", help="only copies of this array's volumes")
    replicate.set_defaults(run=_replicate)

    for name, parents, run, text in (
        ("engine", one_site, _engine, "serve one site in the foreground"),
        ("start", one_site, _start, "start a site again"),
        ("kill", one_site, _kill, "kill a site's process"),
        ("restart", one_site, _restart, "stop and start a site's process"),
        ("fence", one_site, _fence, "switch all hosts of a site off, also while its engine is dead"),
        ("recover", one_site, _recover, "bring all hosts of a site back"),
        ("stop", common, _stop, "stop all sites; their state stays"),
        ("status", common, _status, "tell what runs"),
    ):
        commands.add_parser(name, parents=[parents], help=text).set_defaults(run=run)
    return parser


def _serve(state: State, chosen: argparse.Namespace) -> None:
    if not state.exists:
        sizes = {one.name: getattr(chosen, one.name) for one in dataclasses.fields(Size)}
        given = {name: value for name, value in sizes.items() if value is not None}
        if given:
            plan, origin = generate(Size(**given)), " ".join(f"--{name} {value}" for name, value in given.items())
        else:
            plan, origin = load(chosen.scenario), str(chosen.scenario)
        processes.create(state, plan, origin, chosen.profile, chosen.version, chosen.port_base)
    processes.start(state, state.read()["sites"])
    _status(state, chosen)


def _engine(state: State, chosen: argparse.Namespace) -> None:
    # The other commands do without the server, whose import takes most of a second.
    from .serving import serve_forever

    serve_forever(state, chosen.site)


def _start(state: State, chosen: argparse.Namespace) -> None:
    processes.start(state, [chosen.site])


def _kill(state: State, chosen: argparse.Namespace) -> None:
    processes.end(state, chosen.site, signal.SIGKILL)


def _restart(state: State, chosen: argparse.Namespace) -> None:
    processes.end(state, chosen.site, signal.SIGTERM)
    processes.start(state, [chosen.site])


def _stop(state: State, _chosen: argparse.Namespace) -> None:
    for name in state.read()["sites"] if state.exists else ():
        processes.end(state, name, signal.SIGTERM)


def _replicate(state: State, chosen: argparse.Namespace) -> None:
    state.read()
    for name in ArrayAdministrator(state.storage(), time.time).replicate(array=chosen.array):
        print(f"{name} is up to date")


def _fence(state: State, chosen: argparse.Namespace) -> None:
    SiteAdministrator(state.engine(chosen.site)).fence()


def _recover(state: State, chosen: argparse.Namespace) -> None:
    SiteAdministrator(state.engine(chosen.site)).recover()


def _status(state: State, _chosen: argparse.Namespace) -> None:
    for name, site in state.read()["sites"].items():
        print(f"{name}: {'running' if processes.runs(state, name) else 'not running'}, {site['url']}")


if __name__ == "__main__":
    sys.exit(main())
