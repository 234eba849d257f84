# make run: install and open the page on the embedded model. make test: install what the tests need and run them.
# make sprites-assets: after a training of Sprites, everything anew that hangs on its weights (hours; goes on where it stopped).
# make lint: ruff, mypy and, where npm is installed, ESLint and TypeScript over the scripts.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test lint lint-web bench sprites-assets clean

run: $(VENV)/.installed
	$(BIN)/python app.py $(ARGS)

test: $(VENV)/.installed-dev
	$(BIN)/python -m tests.support.chromium
	$(BIN)/python -m pytest tests -n 2 --dist loadfile $(ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory lint-web; \
	else echo "npm is not installed: the scripts in assets/web were not checked"; fi

lint-web: node_modules/.package-lock.json
	npm run --silent lint

node_modules/.package-lock.json: package-lock.json
	npm ci --silent --no-audit --no-fund
	touch $@

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.sprites
	$(BIN)/python -m benchmarks.page
	$(BIN)/python -m benchmarks.drag

sprites-assets: $(VENV)/.installed-dev
	$(BIN)/python -m tests.support.chromium
	$(BIN)/python -m app.training.shipped --work training/shipped
	$(BIN)/python -m tests.support.pictures

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

$(VENV)/.installed-dev: requirements-dev.txt requirements-models.txt requirements-scale.txt requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) node_modules
