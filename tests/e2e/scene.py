"""A running deployment with one case that waits for records, and callers that send it whatever they like."""

import json
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

from e2e.playing import sueann_case
from rso_onebox.demo_people import PARTNER, Cast, submission
from rso_onebox.demo_story import PROGRAM, Story
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.auth import Issuer

MARKER = "Zzyzx-Quillfeather"


class Box(Protocol):
    """A running deployment, whatever it is made of: reached at an address, and looked into past its API."""

    port: int

    @property
    def address(self) -> str: ...

    @property
    def issuer(self) -> Issuer: ...

    def events(self) -> Counter[str]:
        """How often each event was recorded, in all services together."""
        ...

    def quiet(self) -> bool:
        """Nothing unsent, and every consumer has handled what was sent."""
        ...

    def blobs(self) -> list[str]:
        """Of records: the state of each blob and the name of each file."""
        ...


@dataclass
class Scene:
    box: Box
    cast: Cast
    story: Story
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.box.address, timeout=60)

    def head(self, role: Role = Role.PARTNER, subject: str = "ehr", organisation: str = PARTNER) -> dict[str, str]:
        token = self.box.issuer.token(subject, role, organisation)
        return {
            "authorization": f"Bearer {token}",
            "idempotency-key": str(uuid.uuid4()),
            "content-type": "application/json",
        }

    def desk(self, role: Role) -> dict[str, str]:
        return self.head(role, "desk", "operator")

    def body(self) -> dict[str, Any]:
        program = self.cast.partner.get(f"/v1/programs/{PROGRAM}")
        made = submission(sueann_case(), self.cast, program)
        made["questions"] = [{"text": f"{MARKER}: which treatment?"}]
        return made

    def post(self, path: str, content: Any, headers: dict[str, str] | None = None, **params: Any) -> httpx.Response:
        sent = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self.http.post(path, content=sent, headers=headers or self.head(), params=params)

    def upload(self, content: bytes, media_type: str, **more: str) -> httpx.Response:
        headers = {**self.desk(Role.RECORDS_SPECIALIST), "content-type": media_type, **more}
        return self.http.post(self.story.path("/documents"), content=content, headers=headers, params={"title": MARKER})


def waiting_for_records(box: Box) -> Scene:
    """With one case that waits for records."""
    cast = Cast(box.address, box.issuer)
    story = Story(cast, sueann_case(), {}, lambda _who, _what: None)
    for act in (story.open, story.join, story.authorize, story.pay):
        act()
    story.waits_for("records")
    return Scene(box, cast, story)


def check(answer: httpx.Response, status: int, code: str, pointer: str | None = None) -> None:
    assert (answer.status_code, answer.json().get("code")) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert {"type", "title", "status", "code", "detail", "instance"} <= set(problem)
    assert problem["status"] == status
    assert problem["type"] == f"urn:rso:problem:{code}"
    for part in ("Quillfeather", "Kuhic", "Sueann"):
        assert part not in answer.text
    if pointer is not None:
        assert pointer in [error["pointer"] for error in problem["errors"]], problem
