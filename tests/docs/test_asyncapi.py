"""docs/asyncapi.yaml is AsyncAPI 3 in the eyes of the specification's own parser, which runs on Node."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from rso_onebox.catalog import DOCS

VERSION = "3.6.3"
PARSER = f"@asyncapi/parser@{VERSION}"
CACHE = Path(os.environ.get("RSO_CACHE_DIR", "~/.cache/rso")).expanduser() / f"asyncapi-parser-{VERSION}"
SCRIPT = """
const { Parser } = require('@asyncapi/parser');
let text = '';
process.stdin.on('data', part => { text += part; }).on('end', async () => {
  const { document, diagnostics } = await new Parser().parse(text);
  const found = diagnostics.filter(one => one.severity <= 1).map(one => `${one.path.join('/')}: ${one.message}`);
  const messages = document ? document.messages().all().length : 0;
  console.log(JSON.stringify({ version: document && document.version(), messages, found }));
});
"""
INSTALL_SECONDS = 180


@pytest.fixture(scope="session")
def parser() -> Path:
    """Where the parser lies; fetched once, with nothing of it run while it is installed."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("no Node and npm here: the AsyncAPI parser does not run")
    if not (CACHE / "node_modules" / "@asyncapi" / "parser").exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        argv = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(CACHE), PARSER]
        try:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm did not fetch {PARSER} within {INSTALL_SECONDS} s")
        if done.returncode:
            pytest.skip(f"npm cannot fetch {PARSER}: {done.stderr.strip().splitlines()[-1]}")
    return CACHE


def said(parser: Path, text: str) -> dict[str, object]:
    env = {**os.environ, "NODE_PATH": str(parser / "node_modules")}
    done = subprocess.run(
        ["node", "-e", SCRIPT], input=text, env=env, capture_output=True, text=True, timeout=60, check=True
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_the_document_is_asyncapi_3_without_a_warning(parser: Path) -> None:
    assert said(parser, (DOCS / "asyncapi.yaml").read_text()) == {"version": "3.0.0", "messages": 17, "found": []}


def test_the_parser_sees_what_is_wrong(parser: Path) -> None:
    spoilt = (DOCS / "asyncapi.yaml").read_text().replace("action: send", "action: shout", 1)
    assert said(parser, spoilt)["found"] != []
