# Everything a person or a machine does here. A fresh machine needs Python 3.11+ and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
# Most tests wait for other processes: more at a time than a small machine has cores pay off.
TEST_PROCESSES ?= 3

.PHONY: help serve demo test test-train bench check check-python check-app fix ui ui-dev ui-types screenshots clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

$(VENV)/installed: pyproject.toml $(wildcard native/*)
	@$(PYTHON) -c 'import sys; sys.exit("Facies needs Python 3.11 or newer: make PYTHON=python3.12, for example." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --group dev
	@touch $@

$(VENV)/installed-train: $(VENV)/installed-dev
	$(BIN)/pip install --quiet --disable-pip-version-check torch==2.13.0 --editable '.[train]'
	@touch $@

$(VENV)/installed-bench: $(VENV)/installed-dev
	$(BIN)/pip install --quiet --disable-pip-version-check --group bench
	@touch $@

serve: $(VENV)/installed  ## set up and start the server on http://localhost:5001
	@$(BIN)/python ui/build_app.py fresh || $(BIN)/pip install --quiet --disable-pip-version-check --editable .
	$(BIN)/facies serve

demo: $(VENV)/installed  ## two generated photos through the two APIs; overlays in demo/
	$(BIN)/python -m facies demo --out demo

test: ui  ## everything but what needs torch
	$(PYTEST) -m "not train" -n $(TEST_PROCESSES)

test-train: $(VENV)/installed-train  ## training: needs torch
	$(PYTEST) -m train

bench: $(VENV)/installed-bench  ## speed, as ratios; see benchmarks/README.md
	$(BIN)/python -m benchmarks

check: $(VENV)/installed-dev  ## ruff, mypy --strict, import rules; the app: tsc, eslint, vitest; changes nothing
	@$(MAKE) --no-print-directory --jobs 2 check-python check-app

check-python:
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

check-app:
	$(BIN)/python ui/build_app.py check

fix: $(VENV)/installed-dev  ## let ruff mend what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/python ui/build_app.py fix

ui: $(VENV)/installed-dev  ## build the web app anew, if its sources changed
	$(BIN)/python ui/build_app.py

ui-dev: $(VENV)/installed-dev  ## the app from its sources, beside a server at FACIES_SERVER
	$(BIN)/python ui/build_app.py dev

ui-types: $(VENV)/installed-dev  ## the API as the app sees it, after the API changed
	$(BIN)/python ui/dump_openapi.py

screenshots: ui  ## the README's pictures of the app, of generated photos; needs Chromium
	$(BIN)/python -m tests.browser.screenshots

clean:  ## remove the environment and what was built
	rm -rf $(VENV) demo ui/node_modules src/facies/web/ui src/facies/imaging/compiled.so .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
