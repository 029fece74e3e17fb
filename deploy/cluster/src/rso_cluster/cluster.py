"""`rso cluster up`: engines, migrations, every process, the ingress; watched until told to stop, stopped in order."""

import json
import os
import random
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from rso_cluster import engine_room, launching, migrating, plan, points
from rso_cluster.children import Child, how, stop_all
from rso_cluster.folder import OPEN_TO_PASS, Folder, Running, write_running
from rso_cluster.plan import Instance
from rso_cluster.ports import LOOPBACK, free, remembered
from rso_onebox.datadir import DataDirError, Lock
from rso_onebox.processes import arguments
from rso_shared.kit.settings import refuse_strangers

LOOK_SECONDS = 0.1
ASK_SECONDS = 2.0
FRONT, INTERNAL = "front", "internal"
NOT_ORDERLY = 1
"""Exit code of a stop in which something was cut off. Nothing is lost by it: what was not finished comes again."""
Say = Callable[[str], None]

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Loopback is never asked through a proxy."""


def up(folder: Folder, *, port: int, replicas: int, tell: Say, wish: str = "") -> int:
    """Runs until SIGINT or SIGTERM. Returns the exit code. `wish`: see `points`, for tests."""
    refuse_strangers()
    started = time.monotonic()

    def say(text: str) -> None:
        tell(f"{time.monotonic() - started:6.1f} s  {text}")

    folder.root.mkdir(parents=True, exist_ok=True, mode=OPEN_TO_PASS)
    lock = Lock(folder.data)
    lock.acquire()
    try:
        folder.prepare()
        for past in (folder.cut_off, folder.armed, folder.crashes):
            past.unlink(missing_ok=True)
        if not free(port):
            raise DataDirError(f"Port {port} is taken; choose another with --port.")
        return _run(folder, lock, port, replicas, say, wish)
    finally:
        lock.release()


def _run(folder: Folder, lock: Lock, port: int, replicas: int, say: Say, wish: str) -> int:
    told = _Told()
    named = [name for name, _ in plan.names(replicas)]
    ports = remembered(folder.ports, [*named, FRONT, INTERNAL], random.SystemRandom())
    everyone = plan.instances(replicas, ports)
    try:
        status = engine_room.start(folder, say)
        at = launching.place(folder, status, public=port, internal=ports[INTERNAL])
        say("schemas, topics and documents")
        migrating.run(folder, at, say)
        nursery = launching.nursery(folder)
        children = {one.name: Child(launching.replica(folder, at, one, wish), nursery) for one in everyone}
        children[launching.FRONT] = Child(launching.front(folder, ports[FRONT]), nursery)
        children[launching.INGRESS] = Child(launching.ingress(folder, everyone, ports, port, say))
        say(f"starting {len(children)} processes")
        if wish:
            points.write_armed(folder.armed)
        cluster = Cluster(folder, children, say)
        watch = engine_room.Watch(folder, say)
        watch.start()
        try:
            cluster.keep(told, lambda: _announce(folder, lock, port, ports[INTERNAL], say), ports[FRONT])
        finally:
            watch.stop()
            orderly = cluster.stop(everyone)
            nursery.close()
    finally:
        engine_room.stop(folder, say)
    return 0 if orderly else NOT_ORDERLY


def _announce(folder: Folder, lock: Lock, port: int, internal: int, say: Say) -> None:
    address = f"http://{LOOPBACK}:{port}"
    lock.say(address, f"http://{LOOPBACK}:{internal}")
    say(f"ready at {address}")
    say(f"pages {address}/operations/   API {address}/docs   data {folder.root}   Ctrl-C stops")


class _Told:
    """Set by SIGINT and SIGTERM from now on."""

    def __init__(self) -> None:
        self.to_stop = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._hear)

    def _hear(self, _number: int, _frame: Any) -> None:
        if not self.to_stop:
            self.to_stop = True
            return
        signal.signal(signal.SIGINT, signal.default_int_handler)


class Cluster:
    def __init__(self, folder: Folder, children: dict[str, Child], say: Say) -> None:
        self._folder, self._children, self._say = folder, children, say

    def keep(self, told: _Told, ready: Callable[[], None], front: int) -> None:
        """Starts what does not run, again and again. Calls `ready` once, when every part has a replica that is."""
        waiting: list[str] | None = ["everything"]
        asked = time.monotonic()
        while not told.to_stop:
            self._look()
            if waiting and time.monotonic() - asked > 1:
                asked = time.monotonic()
                now = _waiting(front)
                if now == []:
                    ready()
                elif now is not None and now != waiting:
                    self._say(_still(now))
                waiting = waiting if now is None else now
            time.sleep(LOOK_SECONDS)

    def _look(self) -> None:
        changed = [child for child in self._children.values() if child.look()]
        for child in changed:
            if child.pid is None:
                self._say(f"{child.launch.name} ended ({how(child.code)}) and is started again")
        if changed:
            self._write()

    def stop(self, everyone: list[Instance]) -> bool:
        """True if everyone finished what was in hand and ended by itself; who did not is named."""
        self._say("stopping")
        groups = [[one.name for one in group] for group in plan.stopping(everyone)]
        wrong: list[str] = []
        for names in (*groups, [launching.INGRESS, launching.FRONT]):
            wrong += stop_all(self._children[name] for name in names)
        for each in wrong:
            self._say(each)
        if wrong:
            self._folder.cut_off.write_text("\n".join(wrong) + "\n")
        self._folder.processes.unlink(missing_ok=True)
        return not wrong

    def _write(self) -> None:
        write_running(
            self._folder.processes,
            [
                Running(one.name, one.service, one.role, child.pid, one.port, max(child.restarts, 0))
                for child in self._children.values()
                for one in (child.launch,)
            ],
        )


NAMED = 4


def _still(waiting: list[str]) -> str:
    more = f" and {len(waiting) - NAMED} more" if len(waiting) > NAMED else ""
    return f"waiting for {', '.join(waiting[:NAMED])}{more}"


def _waiting(front: int) -> list[str] | None:
    """What has no ready replica yet; None while nobody answers."""
    try:
        with _direct.open(f"http://{LOOPBACK}:{front}/readyz", timeout=ASK_SECONDS) as answer:
            body = answer.read()
    except urllib.error.HTTPError as problem:
        body = problem.read()
    except OSError:
        return None
    return list(json.loads(body)["waiting"])


def stop_running(folder: Folder, pid: int | None, say: Say, patience: float = 180.0) -> int:
    """`rso cluster down`: the process that runs the folder stops in order; without one, engines that were left are stopped.

    Returns the exit code: the one that the stopped process has.
    """
    if pid is None:
        engine_room.stop(folder, say)
        return 0
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + patience
    while arguments(pid):
        if time.monotonic() > until:
            raise DataDirError(f"process {pid} did not stop within {patience:.0f} s; see {folder.logs}")
        time.sleep(LOOK_SECONDS)
    if not folder.cut_off.exists():
        return 0
    say(folder.cut_off.read_text().rstrip())
    return NOT_ORDERLY
