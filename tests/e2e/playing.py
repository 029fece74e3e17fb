"""The demo's story, told through callers that can be watched: each request is shown before it goes and after its answer."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from e2e import runs
from rso_onebox import default_tables, loading
from rso_onebox.bundle import BundleCase, derive_case, read_bundle
from rso_onebox.client import OPERATOR, Api
from rso_onebox.demo_people import Cast
from rso_shared.contracts.vocabulary import Role


@functools.cache
def sueann_case() -> BundleCase:
    codes = default_tables.load_conditions(loading.FOLDER)
    return derive_case([read_bundle(runs.SUEANN.read_bytes())], codes.group_of)


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    content: bytes
    params: dict[str, Any]


Watch = Callable[[Request], None]


@dataclass(slots=True)
class Watcher:
    before: Watch
    after: Watch
    number: int = 0
    """Of POSTs so far."""


class WatchedApi(Api):
    watcher: Watcher

    def _send(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        token = self._issuer.token(self.subject, self.role, self.organisation)
        shown = {**(headers or {}), "authorization": f"Bearer {token}"}
        request = Request(method, path, shown, more.get("content", b""), more.get("params") or {})
        self.watcher.number += method == "POST"
        self.watcher.before(request)
        answer = super()._send(method, path, headers, **more)
        self.watcher.after(request)
        return answer


@dataclass(slots=True)
class WatchedCast(Cast):
    watcher: Watcher = field(kw_only=True)

    def caller(self, role: Role, subject: str, organisation: str = OPERATOR) -> Api:
        key = (role, subject)
        if key not in self.callers:
            made = WatchedApi(self.address, self.issuer, role, subject, organisation)
            made.watcher = self.watcher
            self.callers[key] = made
        return self.callers[key]
