"""Chromium without a window, asked through its own debugging protocol what an open page shows."""

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --remote-debugging-port=0"
)


class Tab:
    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    def run(self, expression: str) -> Any:
        """What a script of the page's own would see and do."""
        question = {"expression": expression, "returnByValue": True}
        self._socket.send(json.dumps({"id": 1, "method": "Runtime.evaluate", "params": question}))
        while "result" not in (answer := json.loads(self._socket.recv(10))):
            continue
        return answer["result"]["result"].get("value")

    def text(self) -> str:
        return str(self.run("document.body ? document.body.innerText : ''"))

    def shows(self, words: str, *, within: float) -> float:
        """How many seconds it took until the page showed the words; fails after `within`."""
        started = time.monotonic()
        while words not in self.text():
            assert time.monotonic() - started < within, f"not shown within {within} s: {words}"
            time.sleep(0.05)
        return time.monotonic() - started


@contextmanager
def opened(address: str, folder: Path) -> Iterator[Tab]:
    command = [str(CHROMIUM), *FLAGS.split(), f"--user-data-dir={folder}", address]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as browser:
        try:
            with connect(_debugger(folder), max_size=None) as socket:
                yield Tab(socket)
        finally:
            browser.terminate()


def _debugger(folder: Path) -> str:
    """The socket of the page, once the browser has written its port and opened the page."""
    port_file, until = folder / "DevToolsActivePort", time.monotonic() + 20
    while time.monotonic() < until:
        if port_file.exists() and "\n" in (written := port_file.read_text()):
            with urllib.request.urlopen(f"http://127.0.0.1:{written.split()[0]}/json", timeout=10) as answer:
                pages = [one for one in json.load(answer) if one["type"] == "page"]
            if pages:
                return str(pages[0]["webSocketDebuggerUrl"])
        time.sleep(0.05)
    raise TimeoutError("the browser did not come up")
