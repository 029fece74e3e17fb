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
echo hatchling | "$uv" pip compile -q --generate-hashes --no-header --no-annotate --python-version 3.11 -o deploy/build-tools.txt -
export_one --package rso-onebox --no-dev > locks/onebox.txt
export_one --all-packages --group dev > locks/development.txt
