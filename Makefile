# TensorFlow has wheels for these. ensurepip is missing in Debian's python3
# without python3-venv.
FITS := import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
NAMES := python3.13 python3.12 python3.11 python3
PYTHON ?= $(shell for name in $(NAMES); do \
	$$name -c '$(FITS)' 2>/dev/null && echo $$name && break; done)
# make demo GPU=1 brings CUDA.
REQUIREMENTS := $(if $(GPU),requirements-gpu.txt,requirements.txt)
VENV := .venv
BIN := $(VENV)/bin
# pip compiles packages: with PYTHONDONTWRITEBYTECODE=1 each process would do it.
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check

.PHONY: demo test lint smoke format bench lock clean

demo: $(VENV)/installed
	$(BIN)/python main.py --study=demo

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# For another Python: make smoke VENV=.venv-3.12 PYTHON=python3.12
smoke: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n 2 tests/augment_tf/test_contract.py
	$(BIN)/python main.py --study=demo --arms=baseline,placebo --seeds=2 \
		--workdir=$(VENV)/smoke --set epochs=1 --set model.name=ResNet4

# The site, in build/docs/index.html. It runs the tutorials once.
.PHONY: docs
docs: $(VENV)/installed-dev
	$(BIN)/python docs/write_reference.py
	$(BIN)/python -m sphinx --fail-on-warning --keep-going docs build/docs

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Measures again and writes docs/benchmarks.md; BENCH has options of page.py.
bench: $(VENV)/installed-dev
	$(BIN)/python benchmarks/page.py $(BENCH)

# Pins the newest versions that go with requirements-dev.txt.
lock:
	rm -rf $(VENV)
	echo "# All packages of requirements-dev.txt; make lock writes this file." > constraints.txt
	$(MAKE) $(VENV)/installed-dev
	$(BIN)/python -m pip freeze >> constraints.txt

clean:
	rm -rf .venv* runs build

$(VENV)/installed: requirements.txt requirements-gpu.txt constraints.txt
	@'$(PYTHON)' -c '$(FITS)' || { \
		echo "Python 3.11, 3.12 or 3.13 with ensurepip (Debian: python3-venv) is needed."; \
		echo "TensorFlow has wheels for these alone. Found:"; \
		for name in $(PYTHON) $(NAMES); do \
			echo "  $$name: $$($$name --version 2>/dev/null || echo not there)"; done; \
		echo "Install one, or call make PYTHON=/path/to/python3.13"; exit 1; } >&2
	'$(PYTHON)' -m venv $(VENV)
	$(INSTALL) -r $(REQUIREMENTS)
	touch $@

$(VENV)/installed-dev: $(VENV)/installed $(wildcard requirements-*.txt)
	$(INSTALL) -r requirements-dev.txt
	touch $@
