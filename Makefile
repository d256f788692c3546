# Two commands do everything: `make serve` and `make test`. Each makes .venv and installs what it needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8080

.PHONY: help serve test thorough check format docs bench wheel clean

help:  ## Show the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("mock_afas needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.serve: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@$(BIN)/python -m compileall -q mock_afas
	@touch $@

$(VENV)/.test: $(VENV)/.serve
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group test --group check
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python afas-connector==0.1.5 cmo-nnect==0.3.3
	@touch $@

serve: $(VENV)/.serve  ## Start the server with demo data on port 8080 (PORT=... for another)
	@$(BIN)/mock-afas serve --port $(PORT) $(ARGS)

test: $(VENV)/.test  ## Run all tests
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

thorough: $(VENV)/.test  ## Run the property tests with many more examples
	HYPOTHESIS_PROFILE=thorough $(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

check: $(VENV)/.test  ## Lint, types, import layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.test  ## Put the code into the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.test  ## Make the generated pages of the documentation anew
	$(BIN)/python -m tests.docs

bench: $(VENV)/.test  ## Measure against json-server and datasette (needs wrk and npm)
	$(BIN)/python -m bench $(ARGS)

wheel: $(VENV)/.test  ## Build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

clean:  ## Remove what was installed and built
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
