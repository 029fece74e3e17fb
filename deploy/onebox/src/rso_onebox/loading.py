"""`rso init` and `rso seed`: defaults and demo data, loaded through the public API like anybody else would."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from rso_onebox import seeding
from rso_onebox.client import OPERATOR, Api, ApiError, until
from rso_onebox.default_tables import load_jurisdictions
from rso_onebox.defaults import load_programs
from rso_shared.contracts.vocabulary import Role
from rso_shared.kit.auth import Issuer
from rso_shared.kit.events import canonical
from rso_shared.kit.ids import derived_id

FOLDER = Path(__file__).parents[4] / "defaults"
OWNERS = {"operator": OPERATOR, "partner": "example-health", "sponsor": "example-employer"}
JURISDICTIONS_VERSION = 1
Say = Callable[[str], None]


def init(address: str, issuer: Issuer, say: Say) -> None:
    """Organisations that own programs, jurisdictions, programs. Loading the same version again changes nothing."""
    api = Api(address, issuer, Role.ORGANISATION_ADMIN, "rso-init")
    for row in seeding.OWNERS:
        _post(api, "/v1/organisations", row)
    _post(api, f"/v1/organisations/{OWNERS['sponsor']}/covered-lives", {"covered_lives": seeding.COVERED_LIVES})
    rows = load_jurisdictions(FOLDER)
    programs = load_programs(FOLDER, OWNERS)
    body = {
        "version": JURISDICTIONS_VERSION,
        "effective_from": min(program.effective_from for program in programs).isoformat(),
        "rows": [_row(asdict(row)) for row in rows],
    }
    _post(api, "/v1/jurisdictions", body)
    for program in programs:
        _post(api, "/v1/programs", program.model_dump(mode="json"))
    say(f"defaults: {len(programs)} programs, {len(rows)} jurisdictions")
    api.close()


def _row(row: dict[str, Any]) -> dict[str, Any]:
    checked = row["checked_on"]
    return {**row, "source": row["source"] or None, "checked_on": checked.isoformat() if checked else None}


def seed(address: str, issuer: Issuer, say: Say) -> None:
    """Facilities and specialists, apart from the defaults. The keys follow from the rows: a second run replays the first."""
    api = Api(address, issuer, Role.ORGANISATION_ADMIN, "rso-seed")
    for row in seeding.organisations():
        _post(api, "/v1/organisations", row)
    today = datetime.fromisoformat(api.get("/v1/clock")["now"]).date()
    made = 0
    for batch in seeding.batches(FOLDER, today):
        _post(api, "/v1/specialist-batches", {"specialists": batch})
        made += len(batch)
        say(f"demo data: {made} of {seeding.SPECIALISTS} specialists")
    until(lambda: _granted(api), bool, what="the grant of the employer to its platform")
    api.close()


def _granted(api: Api) -> bool:
    """False while the service that holds grants has not heard of the two organisations yet."""
    try:
        api.post("/v1/grants", seeding.GRANT, key=derived_id("/v1/grants", canonical(seeding.GRANT)))
    except ApiError as refusal:
        if refusal.code not in {"organisation_unknown", "grant_overlaps"}:
            raise
        return bool(refusal.code == "grant_overlaps")
    return True


def _post(api: Api, path: str, body: dict[str, Any]) -> None:
    api.post(path, body, key=derived_id(path, canonical(body)))


def loaded(address: str, issuer: Issuer) -> bool:
    """True if the defaults are there already."""
    api = Api(address, issuer, Role.OPERATIONS, "rso")
    try:
        return bool(api.get("/v1/programs")["items"])
    finally:
        api.close()
