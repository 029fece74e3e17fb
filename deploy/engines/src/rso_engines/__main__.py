"""rso-engines: up, down, status, logs, run."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rso_engines.engines import KINDS, Engines, ordered
from rso_engines.errors import EngineError
from rso_engines.running import run
from rso_engines.status import Status

_DEFAULT_DATA = Path(".rso/engines")


def main(arguments: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if arguments is None else arguments)
    cut = words.index("--") if "--" in words else len(words)
    asked = parser().parse_args(words[:cut], argparse.Namespace(command=words[cut + 1 :]))
    try:
        return int(asked.act(asked, Engines(asked.data, ports=dict(asked.port), say=say)))
    except EngineError as failure:
        say(str(failure))
        return 1


def say(text: str) -> None:
    """To standard error, so that `--json` alone stands on standard output."""
    print(text, file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="rso-engines", description="Kafka, PostgreSQL and Temporal server, without containers"
    )
    verbs = top.add_subparsers(dest="verb", required=True)
    for verb, (act, help_text) in _VERBS.items():
        _common(verbs.add_parser(verb, help=help_text, description=help_text), verb).set_defaults(act=act)
    return top


def _common(verb: argparse.ArgumentParser, name: str) -> argparse.ArgumentParser:
    verb.add_argument("engines", nargs="*", metavar="ENGINE", help=f"{', '.join(KINDS)}; none named means all")
    verb.add_argument("--data", type=Path, default=_DEFAULT_DATA, help=f"data folder (default {_DEFAULT_DATA})")
    verb.add_argument("--json", action="store_true", help="the connection facts as JSON on standard output")
    verb.add_argument(
        "--port", type=_port, action="append", default=[], metavar="NAME=N", help="a port; 0 is a free one"
    )
    if name == "up":
        verb.add_argument(
            "--databases", type=_names, default=[], metavar="NAME,…", help="a role, its database and its keys'"
        )
    if name == "logs":
        verb.add_argument("--lines", type=int, default=20)
    return verb


def _port(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    names = [each for kind in KINDS.values() for each in kind.port_names]
    if name not in names or not number.isdigit():
        raise argparse.ArgumentTypeError(f"NAME=N with NAME one of {', '.join(names)}")
    return name, int(number)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _up(asked: argparse.Namespace, engines: Engines) -> int:
    return _show(asked, engines.up(asked.engines, asked.databases))


def _down(asked: argparse.Namespace, engines: Engines) -> int:
    return _show(asked, engines.down(asked.engines))


def _status(asked: argparse.Namespace, engines: Engines) -> int:
    """1 when one of the named engines does not run, for scripts that wait."""
    status = engines.status()
    _show(asked, status)
    return 0 if set(ordered(asked.engines)) <= set(status.running()) else 1


def _run(asked: argparse.Namespace, _: Engines) -> int:
    return run(asked.data, ordered(asked.engines), asked.command, say)


def _logs(asked: argparse.Namespace, engines: Engines) -> int:
    for name in ordered(asked.engines):
        print(f"== {engines.data.log(name)}")
        print(engines.log_end(name, asked.lines))
    return 0


def _show(asked: argparse.Namespace, status: Status) -> int:
    print(json.dumps(status.as_json(), indent=2) if asked.json else "\n".join(status.as_lines()))
    return 0


_VERBS = {
    "up": (_up, "provide and start engines, and wait until they answer"),
    "down": (_down, "stop engines in order"),
    "status": (_status, "what runs where; exit code 1 when a named engine does not"),
    "logs": (_logs, "the last lines of the engines' logs"),
    "run": (
        _run,
        "run a command while engines are up on a folder that is thrown away: run … -- COMMAND; RSO_TEST_* tell it where",
    ),
}

if __name__ == "__main__":
    sys.exit(main())
