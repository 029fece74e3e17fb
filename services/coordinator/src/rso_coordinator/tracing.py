"""Traces through Temporal, and the case in every log line of an activity.

The SDK has two interceptors. We use `TracingInterceptor`: its spans of a workflow are ended as soon as they are made and never
made again in a replay, so a case of many weeks can be followed while it runs and survives any restart of its worker. The newer
`OpenTelemetryInterceptor` is experimental, keeps a workflow's span open until the workflow ends, and asks for a replay-safe
tracer provider of its own for the whole process.
"""

from typing import Any

from opentelemetry import trace
from temporalio import activity
from temporalio.client import Interceptor as ClientInterceptor
from temporalio.contrib.opentelemetry import TracingInterceptor
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from rso_shared.kit import logs

PREFIX = "case/"


def of_client() -> list[ClientInterceptor]:
    """A worker made with this client is traced too."""
    return [TracingInterceptor()]


class AboutCase(Interceptor):
    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - the SDK's name
        return _Inbound(super().intercept_activity(next))


class _Inbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        case_id = (activity.info().workflow_id or "").removeprefix(PREFIX)
        trace.get_current_span().set_attribute("rso.case_id", case_id)
        with logs.about(case_id):
            return await super().execute_activity(input)
