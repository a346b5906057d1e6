# TensorFlow has wheels for these. ensurepip is missing in Debian's python3
# without python3-venv.
FITS := import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
NAMES := python3.13 python3.12 python3.11 python3
PYTHON ?= $(shell for name in $(NAMES); do \
	$$name -c '$(FITS)' 2>/dev/null && echo $$name && break; done)
# make demo GPU=1 brings CUDA.
REQUIREMENTS := $(if $(GPU),requirements-gpu.txt,requirements.txt)
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check

.PHONY: demo test format lock clean

demo: .venv/installed
	$(BIN)/python main.py --study=demo

test: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n 2 --dist loadfile

format: .venv/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Pins the newest versions that go with requirements-dev.txt.
lock:
	rm -rf .venv
	echo "# All packages of requirements-dev.txt; make lock writes this file." > constraints.txt
	$(MAKE) .venv/installed-dev
	$(BIN)/python -m pip freeze >> constraints.txt

clean:
	rm -rf .venv runs

.venv/installed: requirements.txt requirements-gpu.txt constraints.txt
	@'$(PYTHON)' -c '$(FITS)' || { \
		echo "Python 3.11, 3.12 or 3.13 with ensurepip (Debian: python3-venv) is needed."; \
		echo "TensorFlow has wheels for these alone. Found:"; \
		for name in $(PYTHON) $(NAMES); do \
			echo "  $$name: $$($$name --version 2>/dev/null || echo not there)"; done; \
		echo "Install one, or call make PYTHON=/path/to/python3.13"; exit 1; } >&2
	'$(PYTHON)' -m venv .venv
	$(INSTALL) -r $(REQUIREMENTS)
	touch $@

.venv/installed-dev: .venv/installed $(wildcard requirements-*.txt)
	$(INSTALL) -r requirements-dev.txt
	touch $@
