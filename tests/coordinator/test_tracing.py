"""One step of a case can be followed: HTTP, event, fact, bridge, workflow, activity, and HTTP again."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind

from coordinator.story import Story
from coordinator.world import World
from support import spans as recorder
from support.spans import Spans, linked, trace_of


@pytest.fixture(scope="module")
def spans() -> Iterator[Spans]:
    with recorder.kept() as made:
        yield made


@pytest.fixture(scope="module")
def submitted(spans: Spans, _world: World) -> Iterator[Story]:
    """A case that was submitted and screened, and waits for its patient's authorization; then it is signed."""
    spans.clear()
    story = Story(_world).to("authorization")
    story.sign()
    _world.settle()
    yield story
    _world.forget()


def of_case(spans: Spans, story: Story, name: str) -> list[ReadableSpan]:
    names = {story.case_id, f"case/{story.case_id}"}
    return [span for span in spans.named(name) if names & set((span.attributes or {}).values())]


def ancestors(spans: Spans, span: ReadableSpan) -> list[str]:
    found, known = [], spans.by_id()
    while span.parent is not None and span.parent.span_id in known:
        span = known[span.parent.span_id]
        found.append(span.name)
    return found


def test_the_workflow_begins_in_the_trace_that_its_submission_is_linked_to(spans: Spans, submitted: Story) -> None:
    (wake,) = of_case(spans, submitted, "wake intake.case_submitted")
    posted = {trace_of(span) for span in spans.named("POST /v1/cases")}
    assert linked(wake)[0] in posted
    (run,) = of_case(spans, submitted, "RunWorkflow:CaseWorkflow")
    assert trace_of(run) == trace_of(wake)
    assert ancestors(spans, run) == ["SignalWithStartWorkflow:CaseWorkflow", "wake intake.case_submitted"]


def test_an_activitys_command_and_its_event_are_steps_of_the_workflows_trace(spans: Spans, submitted: Story) -> None:
    (wake,) = of_case(spans, submitted, "wake intake.case_submitted")
    route = "POST /internal/v1/intake/cases/{case_id}/screening"
    (served,) = of_case(spans, submitted, route)
    assert trace_of(served) == trace_of(wake)
    assert ancestors(spans, served)[:3] == ["POST intake", "RunActivity:command", "StartActivity:command"]
    decided = [span for span in spans.named("append") if route in ancestors(spans, span)]
    assert [(span.attributes or {})["rso.service"] for span in decided] == ["intake"]


def test_what_the_coordinator_says_itself_belongs_to_the_activity_that_says_it(spans: Spans, submitted: Story) -> None:
    said = [
        span for span in of_case(spans, submitted, "append") if (span.attributes or {})["rso.service"] == "coordinator"
    ]
    assert said
    assert {ancestors(spans, span)[0] for span in said} == {"RunActivity:say"}


def test_a_later_fact_wakes_the_workflow_in_a_trace_of_its_own(spans: Spans, submitted: Story) -> None:
    """Signature over HTTP, a wake of its own, and the handling of its signal in the workflow's trace. That this one is linked
    to the wake is tested below, on a dev server: the time-skipping server keeps no headers of signals."""
    (started,) = of_case(spans, submitted, "wake intake.case_submitted")
    wake = of_case(spans, submitted, "wake intake.authorization_signed")[-1]
    signed = [span for span in spans.of(SpanKind.SERVER) if trace_of(span) in linked(wake)]
    assert [span.name for span in signed] == ["POST /v1/cases/{case_id}/authorizations/{authorization_id}/signature"]
    handled = of_case(spans, submitted, "HandleSignal:fact_seen")
    assert {trace_of(span) for span in handled} == {trace_of(started)}
    (signalled,) = [
        span for span in of_case(spans, submitted, "SignalWorkflow:fact_seen") if trace_of(span) == trace_of(wake)
    ]
    assert ancestors(spans, signalled) == ["wake intake.authorization_signed"]


def test_a_relay_and_every_consumer_are_linked_to_the_producer(spans: Spans, submitted: Story) -> None:
    (wake,) = of_case(spans, submitted, "wake intake.case_submitted")
    (produced,) = linked(wake)
    assert [span for span in spans.named("relay") if produced in linked(span)]
    groups = {
        (span.attributes or {})["rso.service"]
        for span in of_case(spans, submitted, "rso.intake.case_submitted.v1")
        if linked(span) == [produced]
    }
    assert {"records", "coordinator", "operations"} <= groups


def test_nothing_in_all_these_spans_says_who(spans: Spans, submitted: Story) -> None:
    told = "".join(span.to_json() for span in spans.all())
    for secret in ("Sample", "sample-patient", "example.org", submitted.reference):
        assert secret not in told
