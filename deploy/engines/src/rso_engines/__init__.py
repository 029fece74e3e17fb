"""Real Apache Kafka, PostgreSQL and Temporal server on this machine, without containers. Knows nothing of the services."""
