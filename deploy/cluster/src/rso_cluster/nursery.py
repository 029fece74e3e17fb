"""Python processes that are born grown up: forked from one that has loaded what all of them need.

Fifty interpreters that each load the same libraries cost minutes of CPU at a start and seconds at each restart. One process loads
the kit and its libraries, no code of any service, stays without threads, and forks on request. Each child is a process of its own,
in a session of its own, and a child of whoever asked for it: waited for, signalled and killed like any other. Linux alone can do this;
elsewhere every process loads for itself.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from typing import IO, Any

from rso_cluster.born import Born
from rso_onebox.processes import start_bound

PRELOADED = ("rso_shared.kit.process", "uvicorn.protocols.http.httptools_impl", "uvicorn.loops.uvloop")
ADOPTED_SECONDS = 10.0
LARGEST = 1 << 18
PARENT_DEATH, NAME, SUBREAPER = 1, 15, 36
"""PR_SET_PDEATHSIG, PR_SET_NAME and PR_SET_CHILD_SUBREAPER of prctl(2)."""


def can_bear(argv: Sequence[str]) -> bool:
    """`python -m module …`, of the interpreter that runs us."""
    return sys.platform == "linux" and tuple(argv[:2]) == (sys.executable, "-m")


class Nursery:
    """Asked from the main thread only: a child dies with us, and the kernel means the thread."""

    def __init__(self, log: IO[bytes]) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            argv = (sys.executable, "-m", "rso_cluster.nursery", str(os.getpid()))
            self._process = start_bound(argv, log, dict(os.environ), stdin=theirs)

    def start(self, name: str, argv: Sequence[str], log: IO[bytes], environ: Mapping[str, str]) -> Born:
        """`argv` as `can_bear` wants it; `name` is what `ps` shows. Raises OSError where the nursery is gone."""
        order = {"name": name, "module": argv[2], "arguments": list(argv[3:]), "environ": dict(environ)}
        _prctl(SUBREAPER, 1)
        try:
            socket.send_fds(self._socket, [json.dumps(order).encode()], [log.fileno()])
            answer = self._socket.recv(32)
        finally:
            _prctl(SUBREAPER, 0)
        if not answer:
            raise ConnectionError("the nursery of the cluster's processes has ended; see its log")
        return Born(int(answer))

    def close(self) -> None:
        self._socket.close()
        self._process.wait()


def _prctl(option: int, value: Any) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value):
        raise OSError(ctypes.get_errno(), "prctl")


def serve(orders: socket.socket, parent: int) -> None:
    """Until nobody is there to ask. In a child it does not return at all: the child ends as its module ends."""
    while True:
        text, fds, _, _ = socket.recv_fds(orders, LARGEST, 1)
        if not text:
            return
        pid = _grandchild()
        if pid == 0:
            orders.close()
            _become(json.loads(text), fds[0], parent)
        os.close(fds[0])
        orders.send(str(pid).encode())


def _grandchild() -> int:
    """0 in the new process. Whoever is in between ends at once, so that the new one falls to the nearest reaper: who asked."""
    reading, writing = os.pipe()
    between = os.fork()
    if between == 0:
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            os.close(writing)
            return 0
        os.write(writing, str(pid).encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(between, 0)
    with os.fdopen(reading) as told:
        return int(told.read())


def _bind(parent: int) -> None:
    """Only to who has adopted us: the request would be met at the death of the one in between, too."""
    until = time.monotonic() + ADOPTED_SECONDS
    while os.getppid() != parent and time.monotonic() < until:
        time.sleep(0.001)
    _prctl(PARENT_DEATH, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _become(order: Mapping[str, Any], log: int, parent: int) -> None:
    os.setsid()
    _bind(parent)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for ours, theirs in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(ours, theirs)
    os.close(nothing)
    os.close(log)
    os.environ.clear()
    os.environ.update(order["environ"])
    ctypes.CDLL(None).prctl(NAME, order["name"].encode())
    sys.argv = [order["module"], *order["arguments"]]
    runpy.run_module(order["module"], run_name="__main__", alter_sys=True)
    sys.exit(0)


def main() -> None:
    for name in PRELOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=os.dup(0)) as orders:
        serve(orders, int(sys.argv[1]))


if __name__ == "__main__":
    main()
