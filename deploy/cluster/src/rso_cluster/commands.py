"""What this package adds to the `rso` command."""

import argparse
import os
import re
import subprocess
from pathlib import Path

from rso_cluster import engine_room
from rso_cluster.cluster import stop_running, up
from rso_cluster.folder import Folder, read_running
from rso_engines.engines import Engines
from rso_engines.errors import EngineError
from rso_onebox.commands import data_dir, say
from rso_onebox.datadir import DataDirError, running
from rso_onebox.verbs import Verb


def _arguments(parser: argparse.ArgumentParser) -> None:
    doing = parser.add_subparsers(dest="cluster_verb", metavar="COMMAND", required=True)
    start = doing.add_parser("up", help="start engines, every service and the ingress, and stay")
    start.add_argument("--replicas", type=int, default=1, help="processes of each service and role (default 1)")
    start.add_argument("--port", type=int, default=int(os.environ.get("RSO_PORT", "8000")), help="default 8000")
    start.add_argument(
        "--points", default="", metavar="COUNT[/EVERY]",
        help="for tests: every process ends itself so often at each of its crash points, as a power cut would",
    )  # fmt: skip
    shown = doing.add_parser("logs", help="the end of the processes' logs")
    shown.add_argument("names", nargs="*", metavar="NAME", help="such as intake-api-1; all of them without a name")
    shown.add_argument("-n", "--lines", type=int, default=20)
    shown.add_argument("-f", "--follow", action="store_true", help="go on as they grow")
    others = [doing.add_parser("status", help="what runs"), doing.add_parser("down", help="stop everything in order")]
    away = doing.add_parser("pause", help="take one engine away, and leave it away, while everything else goes on")
    back = doing.add_parser("resume", help="bring back an engine that was paused")
    for one in (away, back):
        one.add_argument("engine", choices=engine_room.QUICKEST_FIRST)
    for one in (start, shown, away, back, *others):
        one.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="data folder (default .rso/cluster)")


def _run(arguments: argparse.Namespace) -> int:
    folder = Folder(data_dir(arguments, "cluster"))
    try:
        return _VERBS[arguments.cluster_verb](folder, arguments)
    except EngineError as problem:
        raise DataDirError(str(problem)) from problem


def _up(folder: Folder, arguments: argparse.Namespace) -> int:
    if not 1 <= arguments.replicas <= MOST_REPLICAS:
        raise DataDirError(f"--replicas is from 1 to {MOST_REPLICAS}: a topic has that many partitions.")
    if arguments.points and not re.fullmatch(r"[1-9][0-9]*(/[1-9][0-9]*)?", arguments.points):
        raise DataDirError("--points is COUNT or COUNT/EVERY, such as 3 or 3/20.")
    return up(folder, port=arguments.port, replicas=arguments.replicas, tell=say, wish=arguments.points)


def _down(folder: Folder, _arguments: argparse.Namespace) -> int:
    holder = running(folder.data) or {}
    return stop_running(folder, holder.get("pid"), say)


def _pause(folder: Folder, arguments: argparse.Namespace) -> int:
    _needs_running(folder)
    engine_room.pause(folder, arguments.engine, say)
    return 0


def _resume(folder: Folder, arguments: argparse.Namespace) -> int:
    _needs_running(folder)
    engine_room.resume(folder, arguments.engine, say)
    return 0


def _needs_running(folder: Folder) -> None:
    if running(folder.data) is None:
        raise DataDirError(f"Nothing runs on {folder.root}. Start it with `rso cluster up`.")


def _status(folder: Folder, _arguments: argparse.Namespace) -> int:
    """Exit code 0 when the cluster runs."""
    holder = running(folder.data)
    print("\n".join(Engines(folder.engines).status().as_lines()))
    for one in read_running(folder.processes) if holder else []:
        state = f"pid {one.pid}" if one.pid else "waits to be started again"
        print(f"{one.name:<24} {state:<12} port {one.port}" + (f"   restarts {one.restarts}" if one.restarts else ""))
    print(f"address {holder.get('address') or 'not yet: starting'}" if holder else "stopped")
    return 0 if holder else 1


def _logs(folder: Folder, arguments: argparse.Namespace) -> int:
    named = [folder.log(name) for name in arguments.names] or sorted(folder.logs.glob("*.log"))
    missing = [file.stem for file in named if not file.exists()]
    if missing or not named:
        raise DataDirError(f"There is no log of {', '.join(missing) or 'anything'} in {folder.logs}.")
    tail = ["tail", "-n", str(arguments.lines), *(["-F"] if arguments.follow else []), *map(str, named)]
    return subprocess.run(tail, check=False).returncode


MOST_REPLICAS = 12
_VERBS = {"up": _up, "down": _down, "status": _status, "logs": _logs, "pause": _pause, "resume": _resume}
CLUSTER = Verb("cluster", "every service as processes of its own, on Kafka, PostgreSQL and Temporal", _arguments, _run)
