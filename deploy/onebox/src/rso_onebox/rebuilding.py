"""`rso rebuild`: every read model from the streams, on a deployment that is not running."""

from collections.abc import Callable

from rso_coordinator.worker import Temporal
from rso_onebox import box as onebox
from rso_onebox.datadir import DataDir, Lock
from rso_operations import rebuilding as operations
from rso_shared.kit.service import rebuild_all


def run(data: DataDir, say: Callable[[str], None]) -> int:
    lock = Lock(data)
    lock.acquire()
    try:
        sandbox = data.prepare(sandbox=False)
        box = onebox.build(
            data,
            sandbox=sandbox,
            internal_url="http://127.0.0.1:9",
            public_url="",
            temporal=lambda key: Temporal("", onebox.NAMESPACE, key),
        )
        for service in box.services.values():
            for name, streams in rebuild_all(service).items():
                say(f"{service.name}: {name} rebuilt from {streams} streams")
        for name, rows in operations.run(box.services["operations"]).items():
            say(f"operations: {name} rebuilt from its facts, {rows} rows")
        box.close()
    finally:
        lock.release()
    return 0
