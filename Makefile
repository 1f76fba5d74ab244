# Everything a newcomer runs. `make help` lists it.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

# Tests of the rooms that keep something; they run on SQLite, and again on PostgreSQL.
KEEPING := $(wildcard $(addprefix tests/,api cases console people records server workflows))

.DEFAULT_GOAL := help
.PHONY: help demo open test test-slow test-services check format bench lock docs locale

help:  ## List what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-15s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml
	@echo "Setting up .venv (once) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY)  ## Play days of a made-up country against a real centre, and see what was held
	@$(BIN)/holdfast demo

open: $(READY)  ## Start a made-up country live, with the centre's API open, to play with
	@$(BIN)/holdfast open

test: $(READY)  ## Run all tests, offline
	@$(BIN)/pytest -n auto -m "not slow"

test-slow: $(READY)  ## Run the tests that take minutes (two hundred killed imports and the like)
	@$(BIN)/pytest -n auto -m slow

test-services: $(READY)  ## Run what needs a real machine: PostgreSQL, killed processes, full disks (a sample by seed)
	@HOLDFAST_CRASH_RUNS=20 HOLDFAST_DATABASE_GONE_S=5 $(BIN)/pytest -n auto -m slow
	@$(BIN)/python -m tests.services.postgres -- $(BIN)/pytest -n auto -m "not slow" $(KEEPING)
	@HOLDFAST_CRASH_RUNS=6 $(BIN)/python -m tests.services.postgres -- \
		$(BIN)/pytest -n auto tests/crash/test_kill_orders.py tests/services/test_two_workers.py

check: $(READY)  ## Check format, lint, types, and who may import whom
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(READY)  ## Put the code into its one format
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

bench: $(READY)  ## Measure ours beside its peers, in one run (minutes)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@$(BIN)/python -m benchmarks

docs: $(READY)  ## Write the pages that are made from the code
	@$(BIN)/python docs/make.py

locale: $(READY)  ## Bring new and changed sentences of the code into the translations
	@$(BIN)/pybabel --quiet extract --no-default-keywords --keywords N_ --no-location --sort-output --no-wrap -o .venv/holdfast.pot src
	@for file in src/holdfast/locale/*/holdfast.po; do \
		$(BIN)/pybabel --quiet update --ignore-obsolete --ignore-pot-creation-date --no-wrap \
			-i .venv/holdfast.pot -l $$(basename $$(dirname $$file)) -o $$file || exit 1; \
	done

lock: $(READY)  ## Write the hashed lock files anew from pyproject.toml (needs uv)
	@uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --extra dev pyproject.toml -o requirements.lock
	@uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --extra bench -c requirements.lock pyproject.toml -o requirements-bench.lock
