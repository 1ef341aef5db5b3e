# Patchbay. `make help` lists what can be asked for.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
PY := $(VENV)/bin/python
LOCKS := requirements requirements-build requirements-dev requirements-tools requirements-bench
TESTS ?= tests
# One worker a core; a file stays with one worker, which starts its servers once. More workers than cores bring nothing.
PARALLEL ?= -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder
DATA_DIR ?= data
export REFLEX_USE_NPM := true
export REFLEX_TELEMETRY_ENABLED := false
# Empty is unset: some shells and images forbid bytecode, and then each of the many processes of a test run compiles the house again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help run build test check format docs bench bench-profile soak lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "make %-8s %s\n", $$1, $$2}'

run: $(VENV)/.run ## install what is missing, build the page once, start on http://127.0.0.1:8700
	@$(PY) -m app.cli serve --data-dir "$(DATA_DIR)"

build: $(VENV)/.run ## build the page (the only step that needs Node, which comes as a Python package)
	@$(PY) -m app.cli build

test: $(VENV)/.dev ## everything CI runs: format, lint, types, import contracts, unit, API, browser and law tests
	@tests/needs.sh
	@$(MAKE) --no-print-directory check build
	@$(PY) -m pytest $(TESTS) -m "not soak" $(PARALLEL)

check: $(VENV)/.dev ## format, lint, types, import contracts
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/lint-imports --no-cache
	@$(VENV)/bin/basedpyright

format: $(VENV)/.dev ## put the code into house format
	@$(VENV)/bin/ruff check --fix-only -q . ; $(VENV)/bin/ruff format -q .

docs: $(VENV)/.dev ## write the pages of docs/ that are made from the code
	@$(PY) -m app.api.openapi.reference

bench: $(VENV)/.dev .cache/bench/.ready ## side by side with other gateways, each row against its goal; ROUNDS=1 is the short form
	@$(MAKE) --no-print-directory build
	@$(PY) -m tests.bench

bench-profile: $(VENV)/.dev .cache/bench/.ready ## where the gateway's CPU goes, function by function
	@$(PY) -m tests.bench.profile

.cache/bench/.ready: requirements-bench.lock tests/bench/portkey/package-lock.json tests/bench/install.sh
	@tests/bench/install.sh
	@touch $@

soak: $(VENV)/.dev ## long kills, races, a random walk over the console, and every page and dialog in every look
	@tests/needs.sh
	@$(PY) -m pytest tests -m soak --timeout 1800

lock: $(VENV)/.dev ## resolve the requirement files anew, with hashes and without addresses
	@uv=$$(command -v uv || echo $(VENV)/bin/uv); for f in $(LOCKS); do $$uv pip compile $$f.in --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header -q -o $$f.lock; done

clean: ## forget what was built and installed; data stays
	@rm -rf $(VENV) .cache .web .states app/_frontend .pytest_cache .ruff_cache .hypothesis

$(VENV)/.run: requirements.lock requirements-build.lock requirements-tools.lock
	@./install.sh requirements.lock requirements-build.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock requirements-tools.lock
	@./install.sh requirements-dev.lock
	@touch $@ $(VENV)/.run
