"""A program whose release and quality policies are what the tests are about."""

from datetime import date, timedelta

from rso_shared.contracts.program import (
    Calendar,
    DeclineText,
    FollowUpPolicy,
    MatchingPolicy,
    Price,
    Program,
    QualityPolicy,
    RecordsLadder,
    ReleaseRule,
    Reminders,
    ReviewPolicy,
    Screening,
    Terms,
)
from rso_shared.contracts.vocabulary import ChargePoint, CollectionMode, CoverageRoute, DeclineReason, ReleasePolicy

DAY = timedelta(days=1)


def program(*, version=1, policy=ReleasePolicy.PATIENT_AND_PROVIDER, max_revisions=2):
    return Program(
        program_id="second-look",
        version=version,
        organisation_id="operator",
        name="Second look",
        effective_from=date(2026, 1, 1),
        default_owner="team:desk",
        terms=Terms(version="1", text="Advice."),
        calendar=Calendar(time_zone="America/Los_Angeles"),
        collection_mode=CollectionMode.CONCIERGE,
        screening=Screening(
            red_flags=(),
            decline_texts={reason: DeclineText(text="No.", alternative="Elsewhere.") for reason in DeclineReason},
        ),
        checklists={},
        first_contact_within=DAY,
        reminders=Reminders(after=(2 * DAY,), expire_after=30 * DAY),
        records=RecordsLadder(
            follow_up_after=7 * DAY, escalate_after=14 * DAY, call_after=21 * DAY, decide_after=30 * DAY
        ),
        matching=MatchingPolicy(offer_window=DAY / 2, urgent_offer_window=DAY / 12, max_offers=10),
        review=ReviewPolicy(due_after=2 * DAY, heads_up_percent=(50, 75), overdue_after=(DAY,)),
        quality=QualityPolicy(due_business_days=1, max_revisions=max_revisions),
        release=ReleaseRule(policy=policy),
        follow_up=FollowUpPolicy(window=14 * DAY, max_questions=3),
        promise_business_days=5,
        price=Price(
            currency="USD",
            amount_minor=60_000,
            expedited_percent=50,
            honorarium_minor=50_000,
            route=CoverageRoute.SELF_PAY,
            charge_point=ChargePoint.BEFORE_RECORDS,
        ),
    )
