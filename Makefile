# The two commands: `make study` and `make test`. Everything is installed in ./.venv; the system Python is only asked to
# make that folder. Another interpreter: make PYTHON=python3.12 test
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help study test lint format notebook notebooks docs docs-serve compare-backends bench bench-gpu other-libraries wheel-test matrix

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/'

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "nearclifford needs Python 3.11 or newer, but '$(PYTHON)' is $$($(PYTHON) --version 2>&1);" \
	       "name another one: make PYTHON=python3.12 ..." >&2; exit 1; }
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --editable '.[dev]'
	touch $@

study: $(STAMP)  ## run the quick study; a second run resumes it
	$(VENV)/bin/nearclifford study --preset quick --out runs/quick

test: $(STAMP)  ## run the tests and the examples of the docstrings
	OMP_WAIT_POLICY=PASSIVE $(VENV)/bin/python -m pytest -n $(WORKERS) --dist loadfile

lint: $(STAMP)  ## linter, formatter check, type checker
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

format: $(STAMP)  ## format the code
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

notebook: $(STAMP)  ## open the notebooks
	$(VENV)/bin/python -m pip install --quiet --editable '.[notebook]'
	$(VENV)/bin/jupyter lab notebooks

docs: $(STAMP)  ## build the documentation as a site, in site/
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict --quiet

docs-serve: $(STAMP)  ## show the documentation at http://127.0.0.1:8000 while one writes
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs serve

notebooks: $(STAMP)  ## execute the notebooks and store their outputs and figures
	$(VENV)/bin/python benchmarks/notebooks.py

compare-backends: $(STAMP)  ## every statistic by each backend on ten problems, one table
	$(VENV)/bin/python benchmarks/compare_backends.py

bench-gpu: $(STAMP)  ## seconds per gradient on GPU, CPU and Aer
	$(VENV)/bin/python benchmarks/gpu.py

bench: $(STAMP)  ## all contenders in one run, in .bench: docs/benchmarks.md; make bench ARGS="--quick --noncommercial"
	$(VENV)/bin/python benchmarks/bench $(ARGS)

other-libraries: $(STAMP)  ## tests of the doors to PennyLane, Cirq, JAX, PyTorch, qiskit-algorithms, in .foreign
	$(VENV)/bin/python benchmarks/other_libraries.py .foreign

wheel-test:  ## build wheel and sdist in dist/stranger, install the wheel in an empty environment, run tests against it
	$(PYTHON) benchmarks/wheel.py dist/stranger --python $(PYTHON)

matrix:  ## tests with the oldest and the newest dependencies, by Python: make matrix PYTHONS="python3.11 python3.13"
	$(PYTHON) benchmarks/matrix.py dist/matrix $(if $(PYTHONS),--pythons $(PYTHONS))
