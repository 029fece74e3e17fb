"""Intake as data: what the kit builds the running service from."""

from rso_intake.api import (
    authorizations,
    cases,
    catalogue,
    coordination,
    desk,
    erasure,
    joining,
    organisations,
    persons,
    questions,
    submission,
)
from rso_intake.case_list import METADATA
from rso_intake.erasing import ERASING
from rso_intake.notices import NOTICES
from rso_intake.projections import PROJECTIONS
from rso_intake.publish import publish
from rso_intake.subscribe import SUBSCRIPTION
from rso_shared.kit.names import INTAKE
from rso_shared.kit.spec import ServiceSpec

SPEC = ServiceSpec(
    name=INTAKE,
    metadata=METADATA,
    routers=(
        submission.router,
        cases.router,
        joining.router,
        questions.router,
        authorizations.router,
        desk.router,
        persons.router,
        erasure.router,
        catalogue.router,
        organisations.router,
        coordination.router,
    ),
    projections=PROJECTIONS,
    publish=publish,
    subscription=SUBSCRIPTION,
    notices=NOTICES,
    erasing=ERASING,
)
