"""One large document through the API: hashed, recognised, sealed and stored while it streams, against `sha256sum` and `cp`.

The file is random bytes between a PDF's first and last line, as a scanned chart looks to whoever only passes it on.
"""

import http.client
import os
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

from machine import onebox, watched
from rows import Row, at_most, interleaved, ratio_at_least

from rso_onebox import default_tables, loading
from rso_onebox.bundle import derive_case, read_bundle
from rso_onebox.datadir import DataDir, running
from rso_onebox.demo_people import Cast
from rso_onebox.demo_story import Story
from rso_shared.contracts.vocabulary import Role

BUNDLE = Path(__file__).parents[1] / "examples" / "synthea330_breast_small_Sueann_Kuhic.json.gz"
SIZE = 2 << 30
BLOCK = 1 << 20
GROWTH_MIB = 64
ROUNDS = 3
CREATED = 201


def chart(path: Path) -> Path:
    with path.open("wb") as file:
        file.write(b"%PDF-1.7\n")
        for _ in range(SIZE // BLOCK):
            file.write(os.urandom(BLOCK))
        file.write(b"\n%%EOF\n")
    return path


def paid_case(data: DataDir) -> str:
    """A case that is compiling its records: documents are welcome."""
    address = str((running(data) or {})["address"])
    loading.init(address, data.issuer(), lambda _line: None)
    codes = default_tables.load_conditions(loading.FOLDER)
    story = Story(
        Cast(address, data.issuer()),
        derive_case([read_bundle(BUNDLE.read_bytes())], codes.group_of),
        {},
        lambda *_: None,
    )
    story.open()
    story.join()
    story.authorize()
    story.pay()
    story.waits_for("records")
    return story.case_id


def through_the_api(data: DataDir, case_id: str, file: Path) -> float:
    """Seconds from connect to answer. `http.client` sends blocks as they are read: the client costs next to nothing."""
    token = data.issuer().token("bench-records", Role.RECORDS_SPECIALIST, "operator")
    headers = {
        "authorization": f"Bearer {token}",
        "content-type": "application/pdf",
        "content-length": str(file.stat().st_size),
        "idempotency-key": str(uuid.uuid4()),
    }
    started = time.monotonic()
    connection = http.client.HTTPConnection(
        urlsplit((running(data) or {})["address"]).netloc, blocksize=BLOCK, timeout=600
    )
    with file.open("rb") as body:
        connection.request("POST", f"/v1/cases/{case_id}/documents?title=Chart", body, headers)
        answer = connection.getresponse()
        text = answer.read()
    connection.close()
    if answer.status != CREATED:
        raise RuntimeError(f"the upload answered {answer.status}: {text.decode()}")
    return time.monotonic() - started


def by_hand(file: Path, copy: Path) -> float:
    started = time.monotonic()
    subprocess.run(["sha256sum", file], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cp", file, copy], check=True)
    return time.monotonic() - started


def main() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        folder_path = Path(folder)
        data, file = DataDir(folder_path / "data"), chart(folder_path / "chart.pdf")
        with onebox(data) as (_, pid):
            case_id = paid_case(data)
            through_the_api(data, case_id, file)  # what is loaded once and kept is not growth
            with watched(pid) as held:
                api, hand = interleaved(
                    lambda: through_the_api(data, case_id, file),
                    lambda: by_hand(file, folder_path / "copy.pdf"),
                    ROUNDS,
                )
    mib = SIZE / (1 << 20)
    return [
        ratio_at_least(
            "upload of 2 GB, hashed and sealed, against sha256sum and cp", mib / api, mib / hand, "MiB/s", 1.0
        ),
        at_most("memory growth of the process and its child during uploads", max(held) - held[0], "MiB", GROWTH_MIB),
    ]
