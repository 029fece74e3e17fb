"""Every version that is fetched or built, in one place."""

KAFKA = "4.1.0"
KAFKA_SCALA = "2.13"
KAFKA_SLF4J = "1.7.36"
"""The binding has to match the slf4j-api that Kafka brings."""
JAVA_MINIMUM = 17
"""Kafka 4 brokers refuse an older one."""

POSTGRES_MINIMUM = 15
"""Debian's own package is taken, whichever version that is, from this one on."""

TEMPORAL = "1.29.1"
GO = "1.25.0"
"""What Temporal's go.mod asks for."""
GO_FETCHES_ITSELF = (1, 21)
"""From here on Go gets the toolchain that a module asks for; for an older one, such as Debian 12's, we get it."""
