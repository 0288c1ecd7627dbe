# Everything a person does with this checkout. "make" alone lists the targets.
# PORT, DATA (the data folder) and DATABASE_URL are honoured by run, demo and serve.

PORT ?= 8000
DATA ?= instance
DATABASE_URL ?=
JOBS ?= 2
export DATA DATABASE_URL PORT

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN = .venv/bin
SOURCES = ecoissues tests tools $(patsubst %/,%,$(sort $(dir $(wildcard bench/*.py migrations/*.py))))
# Options may stand after the verb; the address is handed over by the shell so that a password
# with a dollar sign survives.
SITE = --data "$$DATA" $${DATABASE_URL:+--database "$$DATABASE_URL"}

.DEFAULT_GOAL := help
.PHONY: help prepare prepare-test run test histories quick lint types format bench docs build lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

prepare: python-found
	@$(PYTHON) tools/prepare.py run

prepare-test: python-found
	@$(PYTHON) tools/prepare.py test

.PHONY: python-found
python-found:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found." >&2; exit 1; }

run: prepare ## build, create the database, load the demo site, serve on http://127.0.0.1:$PORT
	@$(BIN)/ecoissues db upgrade $(SITE)
	@$(BIN)/ecoissues demo --if-empty $(SITE)
	@$(BIN)/ecoissues demo --accounts $(SITE)
	@exec $(BIN)/ecoissues serve --port "$$PORT" $(SITE)

test: prepare-test ## everything: lint, types, SQLite, PostgreSQL, browser; nothing skipped
	@$(MAKE) --no-print-directory lint types
	@$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal --complete
	@echo "lint: clean, types: clean"

HISTORIES ?= 1000
histories: prepare-test ## a thousand random histories on each engine, every door against a recount
	@for engine in sqlite postgresql; do MANY_HISTORIES=$(HISTORIES) $(BIN)/python -m pytest -q \
		-n $(JOBS) -m $$engine tests/services/test_many_histories.py || exit 1; done

quick: prepare-test-libraries ## about a minute: rules, figures and services on SQLite, not the doors
	@HYPOTHESIS_PROFILE=$${HYPOTHESIS_PROFILE:-quick} $(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal \
		-m "not postgresql and not browser and not slow" --ignore=tests/web --ignore=tests/cli

.PHONY: prepare-test-libraries
prepare-test-libraries: python-found
	@$(PYTHON) tools/prepare.py quick

lint: prepare-test-libraries ## ruff over all Python
	@$(BIN)/ruff check --quiet $(SOURCES) && echo "lint: clean"

types: prepare-test-libraries ## mypy --strict over all Python
	@$(BIN)/mypy $(SOURCES)

format: prepare-test-libraries ## sort imports and lay out the Python files
	@$(BIN)/ruff check --quiet --fix-only --select I $(SOURCES) && $(BIN)/ruff format $(SOURCES)

bench: prepare-test-libraries ## the benchmarks, each figure beside its limit (ONLY=d,h: some parts)
	@$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY))

docs: prepare-test-libraries ## write the command reference and check every link in the documents
	@$(BIN)/python -m tools.document

build: prepare ## the page assets and an installable wheel in dist/
	@.tools/bin/uv build -q --wheel --build-constraints requirements-tools.lock --out-dir dist
	@ls dist

lock: ## compile the dependency locks anew (after a change in pyproject.toml)
	@$(PYTHON) tools/lock.py

clean: ## remove what was built and installed; the data folder stays
	rm -rf .venv .tools node_modules ecoissues/static/build dist build
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis test-output
	find ecoissues tests tools bench migrations -name __pycache__ -type d -prune -exec rm -rf {} +
