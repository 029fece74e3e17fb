"""Processor time, as the kernel counts it: of process trees, and of what ended in them and was waited for."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PARENT, _USER, _CHILDREN_SYSTEM = 1, 11, 14
"""Places in /proc/<pid>/stat behind the name: the parent, and user, system and both of waited-for children."""


def seconds(roots: Iterable[int]) -> float:
    """Of these processes and all that descend from them, from their beginnings until now."""
    stats = dict(_stats())
    children: dict[int, list[int]] = defaultdict(list)
    for pid, fields in stats.items():
        children[int(fields[_PARENT])].append(pid)
    found, todo = set(), [pid for pid in roots if pid in stats]
    while todo:
        pid = todo.pop()
        if pid not in found:
            found.add(pid)
            todo += children[pid]
    return sum(sum(map(int, stats[pid][_USER : _CHILDREN_SYSTEM + 1])) for pid in found) / _TICKS


def spent(work: Callable[[], object], roots: Callable[[], Iterable[int]]) -> float:
    """Seconds that the trees of `roots` took while `work` was done. Who is in `roots` may have been started meanwhile."""
    before = seconds(roots())
    work()
    return seconds(roots()) - before


def _stats() -> Iterable[tuple[int, list[str]]]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                yield int(folder.name), (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it ended while we looked
                continue
