"""The `rso` command: everything on one machine."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rso_onebox import commands, verbs

DESCRIPTION = """\
Remote second opinion on one machine.

  rso up       start everything (services, log, workflows, pages) on one port and stay
  rso demo     play one real case from initiation to delivered opinion
  rso verify   prove from the files that nothing is lost, doubled or changed

first time here? `rso demo` needs nothing else: it starts, loads defaults and demo data, plays, and stays up.
"""


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="rso", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument(
        "--data", type=Path, help="data folder (default: RSO_DATA_DIR, else .rso/live; for demo .rso/demo)"
    )
    verbs_of = made.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    _up(verbs_of.add_parser("up", help="start everything on one port and stay"))
    _demo(verbs_of.add_parser("demo", help="play one case of a FHIR bundle through the public API"))
    _token(verbs_of.add_parser("token", help="print a bearer token of the development issuer"))
    verbs_of.add_parser("init", help="load the versioned defaults (programs, jurisdictions) into a running deployment")
    _seed(verbs_of.add_parser("seed", help="add demo data: organisations and 500 specialists; with --cases a busy day"))
    verbs_of.add_parser(
        "verify", help="check chains, gaps, owners, assignments, ledger, publication; exit 1 and the place if not"
    )
    verbs_of.add_parser("rebuild", help="rebuild every read model from the streams (of a stopped deployment)")
    _listen(
        verbs_of.add_parser(
            "listen", help="forward your organisation's events to a receiver that webhooks cannot reach"
        )
    )
    for verb in verbs.installed():
        added = verbs_of.add_parser(verb.name, help=verb.help)
        verb.arguments(added)
        added.set_defaults(run=verb.run)
    return made


def _up(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--port", type=int, default=int(os.environ.get("RSO_PORT", "8000")), help="default 8000; 0 picks a free one"
    )
    p.add_argument(
        "--sandbox",
        action="store_true",
        help="create the folder as a sandbox: its clock can be moved, livemode is false",
    )


def _demo(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--bundle", type=Path, action="append", default=[], help="FHIR R4 bundle, .json or .json.gz; may be repeated"
    )
    p.add_argument(
        "--document", type=Path, action="append", default=[], help="a further document to upload; may be repeated"
    )
    p.add_argument("--once", action="store_true", help="stop after the delivery; exit 0 only if everything went well")
    p.add_argument(
        "--cases", type=int, metavar="N", help="then fill a busy day with N cases, while the pages are there"
    )
    p.add_argument("--json", action="store_true", help="one JSON object on stdout, progress on stderr")
    p.add_argument(
        "--port", type=int, default=int(os.environ.get("RSO_PORT", "8000")), help="default 8000; 0 picks a free one"
    )


def _seed(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "--cases",
        type=int,
        metavar="N",
        help="fill a running sandbox with N cases in all stages; moves its clock by days",
    )
    p.add_argument("--random-seed", type=int, default=7, metavar="S", help="another seed, another day (default 7)")


def _listen(p: argparse.ArgumentParser) -> None:
    p.add_argument("--forward", required=True, metavar="URL", help="where each event is posted, signed like a webhook")
    p.add_argument("--url", help="the API (default: the deployment that runs on the data folder)")
    p.add_argument("--token", help="a bearer token (default: one of the data folder's development issuer)")
    p.add_argument("--role", default="partner", choices=("partner", "sponsor", "platform"))
    p.add_argument("--organisation", default="example-health", help="whose events (default: example-health)")
    p.add_argument("--types", nargs="*", default=[], help="names or families such as case.* (default: all)")
    p.add_argument("--after", type=int, help="begin behind this sequence; 0 is the beginning (default: from now on)")
    p.add_argument("--secret", help="signs what is forwarded (default: a new one, which is printed)")
    p.add_argument("--count", type=int, help="end after so many events (default: stay)")


def _token(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "role", help="partner, patient, local_provider, records_specialist, specialist, finance, operations, ..."
    )
    p.add_argument("--subject", default="developer", help="the token's sub (default: developer)")
    p.add_argument("--organisation", default="operator", help="the caller's organisation (default: operator)")
    p.add_argument("--scope", default="*", help="space-separated scopes (default: everything the role may)")
    p.add_argument("--hours", type=int, default=12)


VERBS: dict[str, Callable[[argparse.Namespace], int]] = {
    "up": commands.up,
    "demo": commands.demo,
    "token": commands.token,
    "init": commands.init,
    "seed": commands.seed,
    "verify": commands.verify,
    "rebuild": commands.rebuild,
    "listen": commands.listen,
}


def run(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    try:
        return (VERBS.get(arguments.verb) or arguments.run)(arguments)
    except commands.EXPECTED as problem:
        print(f"rso {arguments.verb}: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def main() -> None:
    """Flushes and ends hard: a process that used temporalio may abort in a normal interpreter exit."""
    code = 1
    try:
        code = run(sys.argv[1:])
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 2
    except BaseException:  # noqa: BLE001 - the traceback is printed and the exit code says so
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
