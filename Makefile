# Each target sets up what it needs. `make help` lists them.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEVELOPMENT := $(VENV)/.development
BOTS := $(VENV)/.bots
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help run bot up down test test-faults lint format types unit screenshots coverage autobahn audit bench soak lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 13

$(BIN)/python:
	@PYTHON="$(PYTHON)" scripts/make-venv $(VENV)

$(RUNTIME): requirements.txt requirements-fast.txt | $(BIN)/python
	@echo "Installing the hub's dependencies ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-fast.txt >/dev/null 2>&1 || \
	  echo "No C compiler and Python headers here: gunicorn parses requests in Python, which is a little slower."
	@touch $@

$(DEVELOPMENT): requirements-dev.txt $(RUNTIME)
	@echo "Installing the tools for tests and checks ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# What the bots of the guides speak with; all the tools would be a minute's wait for it.
$(BOTS): requirements-dev.txt $(RUNTIME)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements-dev.txt websocket-client
	@touch $@

run: $(BOTS) ## set everything up and serve on BIND (127.0.0.1:8000), with demo users
	@scripts/run

bot: $(BOTS) ## connect the demo bot to the hub on BIND
	@HUB=http://$(or $(BIND),127.0.0.1:8000) $(VENV)/bin/python examples/echo_bot.py

up: $(RUNTIME) ## nginx, PostgreSQL, Redis and the hub on this machine: https://127.0.0.1:8443
	@scripts/up $(UP_ARGS)

down: ## stop what `make up` started, and keep its data
	@scripts/down $(UP_ARGS)

test: $(DEVELOPMENT) lint types ## every check and the whole test suite
	@scripts/test-services --with nginx envsubst systemd-analyze npm chromium faketime
	@$(BIN)/python scripts/test-side-by-side $(if $(REPORTS),--reports $(REPORTS)) $(PYTEST_ARGS)
	@$(MAKE) --no-print-directory coverage

unit: $(DEVELOPMENT) ## the tests that need no other process
	@$(BIN)/python -m pytest --ignore=tests/e2e --ignore=tests/faults --ignore=tests/browser --ignore=tests/clients \
	  --ignore=tests/guides $(PYTEST_ARGS)

test-faults: $(DEVELOPMENT) ## run the faults, and write the table of docs/reports/faults.md (some minutes)
	@scripts/test-services --with faketime
	@$(BIN)/python -m pytest tests/faults --write-faults $(PYTEST_ARGS)

screenshots: $(DEVELOPMENT) ## draw the pictures of the console in docs/screenshots
	@scripts/test-services --with chromium
	@$(BIN)/python -m tests.browser.screenshots

coverage:
	@$(BIN)/python -m coverage combine --quiet .cache/coverage/*/.coverage
	@$(BIN)/python -m coverage report

lint: $(DEVELOPMENT) ## ruff: lint and format
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .

format: $(DEVELOPMENT) ## let ruff rewrite what it can
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

types: $(DEVELOPMENT) ## mypy, strict on app/realtime
	@$(BIN)/mypy

autobahn: $(DEVELOPMENT) ## Autobahn's WebSocket cases against the hub's sockets, where Python 2.7 is installed
	@PYTHON="$(BIN)/python" scripts/autobahn $(AUTOBAHN_ARGS)

audit: $(BIN)/python ## known vulnerabilities in the pinned packages, where their database can be reached
	@$(BIN)/python scripts/audit.py $(AUDIT_ARGS)

bench: $(DEVELOPMENT) ## this hub beside the C floor and its rivals, one table (up to 15 minutes)
	@$(BIN)/python -m benchmarks $(BENCH_ARGS)

soak: $(DEVELOPMENT) ## ten minutes of everything at once: is anything lost, does anything grow?
	@$(BIN)/python -m benchmarks.soak $(SOAK_ARGS)

lock: $(DEVELOPMENT) ## write requirements*.txt from requirements*.in
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@for f in requirements requirements-dev requirements-audit; do $(BIN)/uv pip compile --quiet --upgrade --universal \
	  --python-version 3.11 --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  $$f.in -o $$f.txt; done

clean: ## remove what the targets made, except the database under instance/
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.* .cache benchmarks/.cache tests/apidocs/parser/node_modules tests/clients/node_modules
