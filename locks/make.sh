#!/usr/bin/env bash
# Writes locks/: versions and hashes, per service and for development. Names no host.
set -euo pipefail
uv="$1"; cd "$(dirname "$0")/.."
"$uv" lock -q
export_one() { "$uv" export -q --no-emit-workspace --no-header --no-annotate --locked "$@"; }
for folder in services/*/; do
  name="rso-$(basename "$folder")"
  export_one --package "$name" --no-dev > "locks/$(basename "$folder").txt"
done
export_one --package rso-onebox --no-dev > locks/onebox.txt
export_one --all-packages --group dev > locks/development.txt
