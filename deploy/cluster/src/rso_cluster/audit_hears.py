"""Who has a use for which facts, written down a second time: the auditor takes no consumer's word for what it had to apply."""

from collections.abc import Mapping

HEARS: Mapping[str, frozenset[str]] = {
    short: frozenset(names.split())
    for short, names in {
        "billing": """
            intake.erasure_approved
            intake.case_submitted intake.local_provider_joined intake.priority_changed intake.program_published
            intake.requester_linked matching.assignment_released matching.offer_accepted
            opinions.opinion_released opinions.review_started
        """,
        "coordinator": """
            intake.erasure_approved
            billing.coverage_confirmed billing.fee_quoted billing.payment_captured
            intake.authorization_requested intake.authorization_signed intake.case_closed intake.case_declined
            intake.case_expired intake.case_held intake.case_resumed intake.case_submitted intake.case_withdrawn
            intake.eligibility_confirmed intake.local_provider_joined intake.owner_assigned intake.priority_changed intake.program_published
            intake.requester_linked matching.assignment_released matching.case_offered
            matching.matching_exhausted matching.matching_started matching.offer_accepted
            matching.offer_declined matching.offer_lapsed matching.offer_withdrawn opinions.opinion_approved
            opinions.opinion_released opinions.opinion_signed opinions.opinion_submitted opinions.opinion_viewed
            opinions.revision_requested records.case_summary_signed records.compilation_started
            records.record_set_accepted
        """,
        "intake": """
            billing.key_destroyed coordinator.key_destroyed matching.key_destroyed operations.key_destroyed
            opinions.key_destroyed records.key_destroyed subscriptions.key_destroyed
            coordinator.escalation_raised coordinator.promise_changed coordinator.stage_entered coordinator.waiting_changed
            matching.assignment_released matching.offer_accepted opinions.opinion_released
            records.case_summary_signed records.compilation_started records.record_item_accepted
            records.record_item_received records.record_item_rejected records.record_item_waived
        """,
        "matching": """
            intake.erasure_approved
            intake.case_closed intake.case_declined intake.case_expired intake.case_submitted
            intake.case_withdrawn intake.condition_coded intake.eligibility_confirmed
            intake.local_provider_joined intake.priority_changed intake.program_published
            intake.questions_revised intake.requester_linked
        """,
        "opinions": """
            intake.erasure_approved
            intake.case_submitted intake.case_withdrawn intake.local_provider_joined intake.program_published
            intake.questions_frozen intake.questions_revised intake.recipient_notified intake.requester_linked
            matching.assignment_released matching.offer_accepted records.case_summary_signed
            records.record_item_accepted records.record_item_received records.record_item_rejected
            records.record_item_waived records.record_set_accepted
        """,
        "records": """
            intake.erasure_approved
            intake.authorization_revoked intake.authorization_signed intake.case_closed intake.case_declined
            intake.case_expired intake.case_submitted intake.case_withdrawn intake.condition_coded
            intake.local_provider_joined intake.organisation_registered intake.program_published
            intake.questions_revised intake.requester_linked matching.assignment_released
            matching.offer_accepted
        """,
        "subscriptions": """
            intake.erasure_approved
            billing.charge_captured
            coordinator.promise_changed coordinator.stage_entered coordinator.waiting_changed
            intake.case_held intake.case_resumed intake.case_submitted intake.covered_lives_stated
            intake.local_provider_joined intake.organisation_registered intake.program_published intake.requester_linked
            matching.assignment_released matching.offer_accepted
        """,
    }.items()
}
"""By service the stored names of others' facts. A service that is not named here applies every record of every other one."""


def stored_name(type_: str) -> str:
    """`type_` as CloudEvents writes it: rso.<stored name>.v<version>."""
    return type_.removeprefix("rso.").rpartition(".v")[0]


def hears(short: str, type_: str) -> bool:
    return short not in HEARS or stored_name(type_) in HEARS[short]
