"""Who may import whom, and what pure code may not touch."""

import ast
import re
import subprocess
import sys
from pathlib import Path

from architecture.tree import ROOT, imports, parsed, short, sources

STANDARD = sys.stdlib_module_names
IMPURE = re.compile(
    r"(datetime|date)\.(now|utcnow|today)|time\.\w+|(uuid\.)?uuid[14]|random(\.\w+)?|secrets\.\w+|os\.\w+|open"
    r"|.*\.(read|write)_(text|bytes)"
)
ALLOWED_IN_DOMAIN = ("decider", "events", "sealed", "errors", "calendar")


def test_the_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--config", ".importlinter", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_contracts_import_pydantic_and_nothing_else() -> None:
    strangers = [
        f"{short(file)}: {name}"
        for file in sources()
        if "contracts" in file.parts
        for name in imports(parsed(file))
        if name.split(".")[0] not in STANDARD | {"pydantic"} and not name.startswith("rso_shared.contracts")
    ]
    assert strangers == []


def _domain() -> list[Path]:
    return [file for file in sources() if "domain" in file.parts]


def test_a_domain_imports_the_standard_library_contracts_and_the_kits_pure_core() -> None:
    strangers = []
    for file in _domain():
        package = file.parts[file.parts.index("src") + 1]
        pure = ("rso_shared.contracts", f"{package}.domain", *(f"rso_shared.kit.{name}" for name in ALLOWED_IN_DOMAIN))
        for name in imports(parsed(file)):
            known = name.split(".")[0] in STANDARD | {"pydantic"}
            if not known and not name.startswith(pure) and name != package:
                strangers.append(f"{short(file)}: {name}")
    assert strangers == []


def test_a_domain_asks_neither_the_clock_nor_chance_nor_the_disk() -> None:
    """Time and ids come inside the command: a retried command yields the same events."""
    found = [
        f"{short(file)}:{node.lineno} {called}"
        for file in _domain()
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Call) and IMPURE.fullmatch(called := ast.unparse(node.func))
    ]
    assert found == []


def test_the_kit_speaks_no_medical_word() -> None:
    words = {"patient", "clinical_note", "diagnosis", "physician", "oncology", "pathology", "specialist"}
    found = [
        f"{short(file)}:{getattr(node, 'lineno', 0)} {name}"
        for file in sources()
        if "kit" in file.parts
        for node in ast.walk(parsed(file))
        for name in (getattr(node, "id", None), getattr(node, "attr", None), getattr(node, "arg", None))
        if isinstance(name, str) and words & set(name.lower().split("_"))
    ]
    assert found == []
