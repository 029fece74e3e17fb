#!/bin/sh
# Brings Temporal's two databases to the schema of this version of its tools. Safe to run again.
set -eu
SQL_PASSWORD="$(cat /run/secrets/temporal_password)"
export SQL_PASSWORD
versioned=/etc/temporal/schema/postgresql/v12

tool() { temporal-sql-tool --plugin "$DB" --ep "$POSTGRES_SEEDS" -p "$DB_PORT" -u "$POSTGRES_USER" --db "$@"; }

bring() {
  # An empty database is given version 0.0 first; one that has a version already refuses that, and is only brought up to date.
  tool "$1" setup-schema -v 0.0 || echo "temporal-schema: $1 has a schema already"
  tool "$1" update-schema -d "$versioned/$2/versioned"
}

bring "$DBNAME" temporal
bring "$VISIBILITY_DBNAME" visibility
