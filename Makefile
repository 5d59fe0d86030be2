# make app    opens the app on the ready scenarios
# make test   everything CI checks beside `make lint`
# make golden writes anew what every surface says, for a change that is meant: look at the diff
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: app test lint format schemas golden bench bench-usage validate-memory validate-throughput calibrate clean

app: $(VENV)/.app
	$(BIN)/streamlit run app.py

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: $(VENV)/.dev
	$(BIN)/python -m tests.golden.surfaces

schemas: $(VENV)/.dev
	$(BIN)/python -m tools.schemas

bench: $(VENV)/.dev
	@failed=0; for table in run calls speed exports risk; do \
		$(BIN)/python -m bench.$$table || failed=1; echo; done; exit $$failed

bench-usage: $(VENV)/.dev
	$(BIN)/python -m bench.usage

validate-memory: $(VENV)/.dev
	$(BIN)/python -m validation.memory

validate-throughput: $(VENV)/.dev
	$(BIN)/python -m validation.throughput check

calibrate: $(VENV)/.dev
	$(BIN)/python -m validation.throughput calibrate

clean:
	rm -rf build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find costmodel tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.app: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet -e .
	$(BIN)/python -m compileall -q costmodel
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	$(BIN)/python -m compileall -q costmodel
	@touch $@ $(VENV)/.app
