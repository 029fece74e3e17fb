"""Verbs that other packages add to the `rso` command, by the entry point group `rso.verbs`."""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points

GROUP = "rso.verbs"


@dataclass(frozen=True, slots=True)
class Verb:
    """`run` returns the exit code. Errors that a person can mend are raised as `rso_onebox.commands.EXPECTED`."""

    name: str
    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


def installed() -> Iterator[Verb]:
    for point in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        yield point.load()
