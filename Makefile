# Every target sets up what it needs in .venv: none relies on an earlier one.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
MEMBERS := agents scheduler cluster lab
RUST_SOURCES := $(shell find rust -name '*.rs' -o -name 'Cargo.toml' 2>/dev/null) Cargo.toml Cargo.lock

.PHONY: help setup demo test check test-kubernetes bench wheels requirements format clean
help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(BIN)/uv: requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit("netcore needs Python 3.11 or newer, this is %d.%d: set PYTHON=" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep -oE '^uv==[^ ]+' requirements/dev.txt)"
	touch $@

$(VENV)/.dependencies: $(BIN)/uv requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	touch $@

$(VENV)/.engine: $(VENV)/.dependencies pyproject.toml $(RUST_SOURCES)
	@command -v cargo >/dev/null || { echo "netcore needs a Rust toolchain: install one with rustup, then run make again" >&2; exit 1; }
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/maturin develop --uv --release --quiet --locked
	touch $@

$(VENV)/.members: $(VENV)/.dependencies $(MEMBERS:%=%/pyproject.toml)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation $(MEMBERS:%=-e ./%)
	touch $@

setup: $(VENV)/.engine $(VENV)/.members ## Make .venv with the engine and every distribution in it

demo: setup ## Measure, place and explain on one machine (ARGS="--keep", ARGS="-o json")
	@$(BIN)/netcore demo $(ARGS)

test: setup ## Run the tests that need nothing but this machine
	cargo test --workspace --locked --quiet
	$(BIN)/python -m pytest -m "not kubernetes" $(ARGS)

test-kubernetes: setup ## Run the suites against a real Kubernetes control plane, built here with Go
	$(BIN)/python -m pytest -m kubernetes tests $(ARGS)

check: setup ## Formats, lints, types, layers, stubs, wheels
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m mypy.stubtest netcore._netcore
	$(BIN)/python tests/wheels.py

wheels: $(VENV)/.dependencies ## Build a wheel of every distribution into dist/
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/maturin build --release --locked --quiet --out dist
	for member in $(MEMBERS); do $(BIN)/python -m build --wheel --no-isolation --outdir dist $$member; done

bench: setup ## Run the benchmarks into benches/report.json (ARGS="--strict", ARGS="-k plan")
	$(BIN)/python benches $(ARGS)

format: setup ## Rewrite the sources into their one format
	cargo fmt --all
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

requirements: $(BIN)/uv ## Pin requirements/dev.in again
	$(BIN)/uv pip compile requirements/dev.in -o requirements/dev.txt --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet --upgrade

clean: ## Remove what was built
	rm -rf $(VENV) target dist
