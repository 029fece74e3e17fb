"""Fact -> what records does with it. It keeps what its guards rest on; the coordinator calls its commands."""

from rso_records_compiler.cases import KEEPS
from rso_shared.kit.reactions import Subscription

SUBSCRIPTION = Subscription(keeps=KEEPS)
