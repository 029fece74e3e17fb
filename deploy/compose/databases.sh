#!/bin/sh
# Run by PostgreSQL's image at its first start: a role and two databases for each service whose password is among the secrets
# (rso_<service>_password), and Temporal's. Each role owns its own and can connect to no other.
set -eu
secrets="${SECRETS:-/run/secrets}"

sql() { psql --set ON_ERROR_STOP=1 --quiet --username "${POSTGRES_USER:-postgres}" --dbname postgres "$@"; }

role() {
  sql --set role="$1" --set password="$(cat "$2")" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
SQL
}

database() {
  sql --set name="$1" --set role="$2" <<'SQL'
CREATE DATABASE :"name" OWNER :"role";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
}

for file in "$secrets"/rso_*_password; do
  name="$(basename "$file" _password)"
  role "$name" "$file"
  database "$name" "$name"
  database "${name}_keys" "$name"
done

role temporal "$secrets/temporal_password"
database temporal temporal
database temporal_visibility temporal

sql <<'SQL'
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
REVOKE ALL ON DATABASE template1 FROM PUBLIC;
SQL
