# make demo   everything from nothing, with the simulated lender
# make test   every check and test
PYTHON ?= python3
BIN := .venv/bin
# Many containers forbid bytecode: then every command would compile 2,800 files again, 6 s of processor each time.
export PYTHONDONTWRITEBYTECODE :=
SETS := serve lab desk gpu spark dev

.PHONY: demo test check fix bench laws docs lock system clean help

help:            ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

demo: .venv/lab .venv/desk ## simulate a lender, train, promote and decide, from nothing
	$(BIN)/aval demo

test: check      ## every check and every test, with coverage
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder --cov --cov-report=term:skip-covered

check: .venv/dev ## style, types and the import rule
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: .venv/dev   ## mend what a machine can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/dev ## measure speed and memory (benchmarks/README.md)
	$(BIN)/python -m benchmarks

laws: .venv/dev  ## the property tests, at length
	AVAL_LAWS=long $(BIN)/pytest tests/laws

docs: .venv/dev  ## regenerate what is generated in docs/
	$(BIN)/aval features --docs docs/features.md
	$(BIN)/python -m aval.model.monotone docs/monotone.md

# The desk goes beside the laboratory in one environment: it takes the laboratory's versions.
lock: .venv/tools ## pin every dependency again, with hashes and without addresses
	@for set in $(SETS); do \
	  $(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	    --no-annotate --no-header $$([ $$set != desk ] || echo -c locks/lab.txt) --extra $$set pyproject.toml \
	    -o locks/$$set.txt || exit 1; done
	@echo 'uv\nhatchling\neditables' | $(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-annotate --no-header - -o locks/tools.txt

system:          ## three system packages: OpenMP for LightGBM, PostgreSQL and Chromium for tests (root, Debian; skipped where there)
	@{ ldconfig -p | grep -q libgomp.so.1 && ls /usr/lib/postgresql/*/bin/postgres && command -v chromium; } >/dev/null 2>&1 || \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq libgomp1 postgresql chromium; }

clean:           ## remove the environment; AVAL_HOME is left alone
	rm -rf .venv

.venv/tools: locks/tools.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "aval needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r locks/tools.txt
	@touch $@

# uv is quick; where only pip is set up for the index, pip does the same.
.venv/lab .venv/desk .venv/dev: .venv/%: locks/%.txt pyproject.toml .venv/tools
	$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r $< || \
	  $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
