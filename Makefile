# `make demo`, `make run` and `make test` need nothing but Python 3.11 or later: they make their own virtual environment.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready
DOCS = $(VENV)/.docs

.PHONY: install demo run test fuzz lint types docs check weights-sha256 clean

install: $(READY)

$(READY): pyproject.toml setup.py constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	touch $(READY)

# The sample scene with the shipped weights, scored; what comes out lies in runs/demo.
demo: $(READY)
	$(BIN)/reidtrack demo --overwrite $(ARGS)

# make run ARGS="--videos cam1.mp4 cam2.mp4 --out runs/first"
run: $(READY)
	$(BIN)/reidtrack run $(ARGS)

test: $(READY)
	$(BIN)/python -X warn_default_encoding -m pytest $(TESTS)

# Odd input of all kinds, in a process of its own: what it does to decoders of others is not to trouble other tests.
fuzz: $(READY)
	$(BIN)/python -X warn_default_encoding -m pytest -m fuzz tests/fuzz

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/oxlint --deny-warnings reidtrack

types: $(READY)
	$(BIN)/mypy

# The manual as a site, in build/site; a link that leads nowhere is an error.
docs: $(DOCS)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

$(DOCS): $(READY)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[docs]"
	touch $(DOCS)

check: lint types test fuzz docs

# After a file in weights/ has changed.
weights-sha256: $(READY)
	$(BIN)/python -m tools.weights_sha256

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
