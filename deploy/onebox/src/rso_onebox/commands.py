"""What each verb of `rso` does. Long work says on stderr what it is doing."""

import argparse
import os
import sys
from pathlib import Path

from rso_onebox import loading
from rso_onebox.client import ApiError
from rso_onebox.datadir import DataDir, DataDirError, running
from rso_onebox.defaults import DefaultsError
from rso_onebox.temporal_child import TemporalStartError
from rso_onebox.temporal_cli import TemporalMissingError
from rso_operations.words import counted
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.settings import SettingsError
from rso_shared.kit.store import DamagedEventError

EXPECTED = (
    DataDirError,
    DamagedEventError,
    SettingsError,
    TemporalMissingError,
    TemporalStartError,
    DefaultsError,
    ApiError,
    TimeoutError,
)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def data_dir(arguments: argparse.Namespace, default: str = "live") -> DataDir:
    chosen = arguments.data or os.environ.get("RSO_DATA_DIR") or Path(".rso") / default
    return DataDir(Path(chosen).resolve())


def up(arguments: argparse.Namespace) -> int:
    from rso_onebox import serve  # noqa: PLC0415 - the other verbs start without loading every service

    return serve.up(data_dir(arguments), port=arguments.port, sandbox=arguments.sandbox, say=say)


def demo(arguments: argparse.Namespace) -> int:
    from rso_onebox import demo as play  # noqa: PLC0415 - as above

    return play.run(data_dir(arguments, "demo"), arguments, say)


def token(arguments: argparse.Namespace) -> int:
    try:
        role = Role(arguments.role)
    except ValueError:
        raise DataDirError(f"There is no role {arguments.role}. Roles: {', '.join(Role)}") from None
    data = _existing(arguments)
    print(
        data.issuer().token(
            arguments.subject, role, arguments.organisation, scope=arguments.scope, seconds=arguments.hours * 3600
        )
    )
    return 0


def init(arguments: argparse.Namespace) -> int:
    data = _existing(arguments)
    loading.init(_address(data), data.issuer(), say)
    return 0


def seed(arguments: argparse.Namespace) -> int:
    if arguments.cases is not None:
        return _busy_day(arguments)
    data = _existing(arguments)
    loading.seed(_address(data), data.issuer(), say)
    return 0


def _busy_day(arguments: argparse.Namespace) -> int:
    """Exit code 1 if a case did not come to where it belongs."""
    from rso_onebox import day  # noqa: PLC0415 - as below

    cases = day.checked(arguments.cases)
    data = _existing(arguments)
    filled = day.fill(_address(data), data.issuer(), cases, arguments.random_seed, say)
    print("\n".join(filled.lines()))
    return 1 if filled.behind else 0


def verify(arguments: argparse.Namespace) -> int:
    from rso_onebox import verify as proof  # noqa: PLC0415 - as above
    from rso_onebox import verify_cases  # noqa: PLC0415

    report, faults = proof.Report(), 0
    data = _existing(arguments)
    for check in (*proof.LOG_CHECKS, *verify_cases.CASE_CHECKS):
        for fault in check(data, report):
            faults += 1
            print(f"{fault.check}: {fault.place}: {fault.what}")
    print(f"{'not ' if faults else ''}verified: {report.line()}; {counted(faults, 'fault')}")
    return 1 if faults else 0


def rebuild(arguments: argparse.Namespace) -> int:
    from rso_onebox import rebuilding  # noqa: PLC0415 - as above

    return rebuilding.run(_existing(arguments), say)


def listen(arguments: argparse.Namespace) -> int:
    from rso_onebox.listening import Listener, new_secret  # noqa: PLC0415 - as above

    address, token = arguments.url, lambda: str(arguments.token)
    if arguments.token is None:
        data = _existing(arguments)
        address, issuer, role = address or _address(data), data.issuer(), Role(arguments.role)
        token = lambda: issuer.token("rso-listen", role, arguments.organisation)  # noqa: E731 - one of two
    if not address:
        raise DataDirError("Say with --url where the API is; --token needs it.")
    listener = Listener(
        address.rstrip("/"), token, arguments.forward, say, arguments.secret or new_secret(), tuple(arguments.types),
        arguments.count,
    )  # fmt: skip
    return listener.run(arguments.after)


def _existing(arguments: argparse.Namespace) -> DataDir:
    """The folder that is named, else the live one, else the demo's."""
    data = data_dir(arguments, "live" if (Path(".rso") / "live").exists() else "demo")
    if not (data.root / "deployment.json").exists():
        raise DataDirError(
            f"{data.root} is not a deployment yet. Start one with `rso up`, or name another folder with --data."
        )
    return data


def _address(data: DataDir) -> str:
    holder = running(data)
    if holder is None or not holder.get("address"):
        raise DataDirError(f"Nothing runs on {data.root}. Start it with `rso up`.")
    return str(holder["address"])
