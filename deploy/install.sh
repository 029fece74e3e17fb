#!/bin/sh
# The steps that make one service's environment. The Dockerfile runs them, and closures.py runs them without Docker:
#   install.sh environment VENV          an empty virtual environment
#   install.sh dependencies VENV SERVICE what locks/SERVICE.txt names, with hashes, and nothing else
#   install.sh wheels OUT SERVICE        builds the wheels of the shared kit and of this service, with pinned build tools
#   install.sh service VENV WHEELS       those wheels, without looking anywhere else
# SERVICE is a folder of services/. UV names the uv to use. Run from the root of the repository.
set -eu
uv="${UV:-uv}"

build() { "$uv" build -q --wheel --no-sources --require-hashes --build-constraints deploy/build-tools.txt -o "$1" "$2"; }

case "$1" in
  environment) "$uv" venv -q --python "${PYTHON:-python3}" "$2" ;;
  dependencies) "$uv" pip install -q --python "$2/bin/python" --require-hashes --only-binary :all: -r "locks/$3.txt" ;;
  wheels) build "$2" shared && build "$2" "services/$3" ;;
  service) "$uv" pip install -q --python "$2/bin/python" --no-deps --no-index "$3"/*.whl ;;
  *) echo "install.sh: unknown step $1" >&2; exit 2 ;;
esac
