# Everything a newcomer or CI runs. `make help` explains each target.
SHELL := /bin/bash
PY := .venv/bin/python
UV := $(shell command -v uv 2>/dev/null || echo .venv-uv/bin/uv)
STAMP := .venv/.installed
SOURCES := $(wildcard pyproject.toml shared/pyproject.toml services/*/pyproject.toml $(wildcard deploy/*/pyproject.toml) locks/development.txt)
MYPY := shared/src services/intake/src services/records-compiler/src services/matching/src services/opinions/src \
	services/billing/src services/coordinator/src services/operations/src services/subscriptions/src deploy/onebox/src deploy/cluster/src deploy/engines/src

.DEFAULT_GOAL := help
.PHONY: help install run up test check lint format types imports locks docs screens images-check bench bench-pages engines cluster clean

help: ## show this help
	@echo "Remote second opinion. First time: make run"
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

install: $(STAMP) ## make .venv with everything pinned in locks/ (gets uv where it is missing)

$(STAMP): $(SOURCES)
	@command -v uv >/dev/null 2>&1 || [ -x .venv-uv/bin/uv ] || { echo "installing uv into .venv-uv"; python3 -m venv .venv-uv && .venv-uv/bin/pip install -q uv; }
	@echo "installing into .venv"
	@$(UV) venv -q --allow-existing --python "$$(python3 -c 'import sys; print(sys.executable)')" .venv
	@$(UV) pip install -q --compile-bytecode --python .venv/bin/python --require-hashes -r locks/development.txt
	@$(UV) pip install -q --python .venv/bin/python --no-deps -e shared $(patsubst %/pyproject.toml,-e %,$(wildcard services/*/pyproject.toml))  $(patsubst %/pyproject.toml,-e %,$(wildcard deploy/*/pyproject.toml))
	@$(PY) -m compileall -q -j 0 shared/src services deploy # else the first start compiles, every process for itself
	@touch $@

run: install ## start on .rso/demo, play the full breast-cancer case, then fill a busy day (CASES=300); ONCE=1 stops after the delivery
	@.venv/bin/rso demo $(if $(ONCE),--once,--cases $(or $(CASES),300)) $(if $(PORT),--port $(PORT))

up: install ## start everything on .rso/live and stay (PORT=8000)
	@.venv/bin/rso up $(if $(PORT),--port $(PORT))

test: install ## every test this machine can run, on real engines where it can have them; RSO_ENGINES=0 leaves these out
	$(if $(filter 0,$(RSO_ENGINES)),,.venv/bin/rso-engines run --data $(or $(DATA),.rso/test-engines) --) $(PY) -m pytest -n 2 --dist loadscope --no-loadscope-reorder $(ARGS)

bench-pages: install ## the staff's pages with 100,000 cases and 25 watching browsers
	@$(PY) bench/pages.py

engines: install ## start Kafka, PostgreSQL and Temporal server on .rso/engines, one database per service; .venv/bin/rso-engines down stops them
	@.venv/bin/rso-engines up $(ENGINES) --data $(or $(DATA),.rso/engines) \
		--databases "$$($(PY) -c 'from rso_shared.kit.names import SERVICES; print(",".join(each.database for each in SERVICES))')"

cluster: install ## everything as separate processes on real engines, on .rso/cluster (REPLICAS=2 PORT=8000)
	@.venv/bin/rso cluster up $(if $(REPLICAS),--replicas $(REPLICAS)) $(if $(PORT),--port $(PORT))

check: lint types imports docs test ## what CI runs: linters, types, import rules, generated documents, every test

lint: install
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

format: install ## let ruff format and mend what it can
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

types: install
	.venv/bin/mypy $(MYPY)

imports: install
	.venv/bin/lint-imports

docs: install
	$(PY) -m rso_onebox.catalog --check
	$(PY) -m rso_cluster.documents --check
	$(PY) deploy/grafana/dashboards.py --check

screens: install ## make docs/screens anew from a seeded sandbox, in the system's Chromium (PAGES="today case": some)
	@$(PY) deploy/screens.py $(PAGES)

images-check: install ## each service alone in a bare environment, as its image is built (SERVICES="intake billing": some)
	$(PY) deploy/closures.py $(SERVICES)

locks: ## pin versions and hashes anew: one file per service and one for development
	@bash locks/make.sh $(UV)

bench: install ## measure this machine against its peers; one table, bench/results.json (ONLY="upload onebox": some)
	$(PY) bench $(ONLY)

clean: ## remove the environment and demo data (.rso/live stays)
	rm -rf .venv .rso/demo
