# One word for everything that is done here. The logic lives in bin/.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
export PORT PYTHON

in-venv := .venv/bin/python -m
# Three at once even on two cores: many tests wait for servers to start, to stop, or to heal.
pytest := $(in-venv) pytest --numprocesses 3 --dist loadgroup
# What `make check` leaves out: see the markers in pyproject.toml.
fast := not slow and not browser and not postgresql and not roads and not hosting
catalog := app/translations
pybabel := $(in-venv) babel.messages.frontend --quiet

.PHONY: help
help: ## explain each target
	@echo "make run starts the site; make test checks everything. All targets:"
	@echo
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile \
		| while IFS="$$(printf '\t')" read -r target text; do \
			printf '  %-13s %s\n' "$$target" "$$text"; done
	@echo
	@echo "Variables:"
	@echo "  PORT=5001          the port of make run (default: 5000)"
	@echo "  PYTHON=python3.12  the Python that .venv is built with (default: python3)"
	@echo "  UPGRADE=1          let make lock take newer versions"

.PHONY: run
run: ## start the site with demo data and print its address
	@bin/run

.PHONY: venv
venv: ## create or repair .venv with everything for development
	@bin/venv dev

.PHONY: test
# The roads come after the rest: with each container the machine has another network, and Chromium
# drops what it is loading.
test: lint db-check lock-check ## everything: lint, migrations, lock files, all tests, coverage
	$(pytest) -m "not roads and not hosting" --cov --cov-report=term-missing:skip-covered
	$(pytest) -m "roads or hosting"

.PHONY: roads
roads: venv ## the roads to production alone: Heroku, containers, your own server
	$(pytest) -m roads

.PHONY: hosting
hosting: venv ## python -m hosting against servers that are containers (some five minutes)
	$(pytest) -m hosting

.PHONY: check
check: lint ## the fast subset: lint, and the tests on SQLite that need neither browser nor patience
	$(pytest) -m "$(fast)"

.PHONY: lint
lint: venv ## formatting, style, types, import rules, shell scripts
	$(in-venv) ruff format --check .
	$(in-venv) ruff check .
	$(in-venv) mypy
	.venv/bin/lint-imports
	.venv/bin/shellcheck bin/* .ci/run

.PHONY: format
format: venv ## rewrite the code to the house format and fix what can be fixed
	$(in-venv) ruff check --fix-only --quiet .
	$(in-venv) ruff format .

.PHONY: coverage
coverage: venv ## run the tests and write htmlcov/index.html
	$(pytest) -m "not roads and not hosting" --cov --cov-report=html --cov-fail-under=0
	@echo "Open htmlcov/index.html"

.PHONY: db-check
db-check: venv ## ask whether the migrations lead to what the models say
	@bin/db-check

.PHONY: lock
lock: venv ## compile requirements/*.in into lock files (UPGRADE=1: newest versions)
	@bin/lock $(if $(UPGRADE),--upgrade)

.PHONY: lock-check
lock-check: venv ## ask whether the lock files fit the .in files
	@bin/lock --check

.PHONY: translations
translations: venv ## collect the strings to translate, then compile the catalogues
	@mkdir -p $(catalog)
	$(pybabel) extract --mapping-file pyproject.toml --project Flasky --sort-output \
		--keywords "_l lazy_gettext" --no-location --output-file $(catalog)/messages.pot app
	$(pybabel) update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date \
		--input-file $(catalog)/messages.pot --output-dir $(catalog)
	$(pybabel) compile --directory $(catalog)

.PHONY: hooks
hooks: venv ## let git run the quick checks before every commit
	$(in-venv) pre_commit install

.PHONY: clean
clean: ## remove what can be made again (not the database)
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf htmlcov .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
