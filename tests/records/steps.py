"""What the API tests do alike."""

from records import material
from records.world import HOSPITAL, PATH, PDF

REQUESTS = f"{PATH}/record-requests"


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    return answer.json()


def new_request(world, facility_id=HOSPITAL, kind="pathology_report"):
    return world.clerk.post(REQUESTS, {"facility_id": facility_id, "kind": kind, "note": "ask for Jane"}).json()


def step(world, request, name, body=None):
    return world.clerk.post(f"{REQUESTS}/{request['request_id']}/{name}", body)


def uploaded(world, **labels: str):
    return world.upload(material.pdf(), PDF, **labels).json()["document_id"]


def accepted(world, *kinds: str):
    document_id = uploaded(world)
    answer = world.clerk.post(f"{PATH}/documents/{document_id}/acceptance", {"kinds": list(kinds)})
    assert answer.json()["state"] == "accepted"
    return document_id
