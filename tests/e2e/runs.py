"""Finished runs of `rso demo`, as a user would start them."""

import gzip
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.onebox import EXAMPLES, Onebox, rso
from rso_onebox.datadir import DataDir

ALLENA = EXAMPLES / "synthea330_breast_alive_Allena_Koepp.json.gz"
SUEANN = EXAMPLES / "synthea330_breast_small_Sueann_Kuhic.json.gz"
JENNY = EXAMPLES / "Bundle-mcode-patient-bundle-jenny-m.json"
LABORATORY = EXAMPLES / "Bundle-lri-example.json"


@dataclass(frozen=True, slots=True)
class Run:
    data: DataDir
    code: int
    stdout: str
    stderr: str
    spans: Path | None = None
    said: Path | None = None

    @property
    def result(self) -> dict[str, Any]:
        assert self.code == 0, self.stderr
        found: dict[str, Any] = json.loads(self.stdout)
        return found


def text_of(bundle: Path) -> bytes:
    content = bundle.read_bytes()
    return gzip.decompress(content) if bundle.suffix == ".gz" else content


def demo(folder: Path, *bundles: Path) -> Run:
    chosen = [argument for bundle in bundles for argument in ("--bundle", str(bundle))]
    done = rso(folder, "demo", "--once", "--json", "--port", "0", *chosen)
    return _run(folder, done)


def _run(folder: Path, done: "subprocess.CompletedProcess[str]", **more: Path) -> Run:
    return Run(DataDir(folder), done.returncode, done.stdout, done.stderr, **more)


def beside_a_running_onebox(folder: Path) -> Run:
    """The default bundles on a onebox that already runs, with its spans kept; then the onebox is killed.

    So the files are as a crash leaves them: write-ahead logs not yet folded in, nothing tidied.
    """
    spans = folder.parent / f"{folder.name}.spans"
    box = Onebox(folder, E2E_SPANS=str(spans)).start()
    try:
        done = rso(folder, "demo", "--once", "--json")
        box.kill()
    finally:
        box.end()
    return _run(folder, done, spans=spans, said=box.output)
