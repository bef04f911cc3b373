# Development commands. `make help` lists them; longer scripts are in bin/.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
export PORT PYTHON

in-venv := .venv/bin/python -m
pytest := $(in-venv) pytest --dist loadgroup --numprocesses
# The tests of `make test` and of `make check`; see the markers in pyproject.toml.
site := not platforms
site += and not fresh # template-only
fast := $(site) and not slow and not browser and not postgresql
# Folders without fast tests.
not-fast := tests/platforms tests/browser
not-fast += tests/template # template-only
# hosting/ is a distribution of its own, with its own settings. It can be deleted.
hosting := $(wildcard hosting/pyproject.toml)
hosting-pytest := cd hosting && ../$(in-venv) pytest --disable-plugin-autoload -p xdist.plugin
catalog := app/translations
# A variable of make's command line, for the shell; the environment may have others of its name.
given = $(if $(filter command,$(origin $1)),$$$1)
pybabel := $(in-venv) babel.messages.frontend --quiet

.PHONY: help
help: ## show this help
	@echo "make run starts the site, make test runs its tests. Targets:"
	@echo
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile \
		| while IFS="$$(printf '\t')" read -r target text; do \
			printf '  %-15s %s\n' "$$target" "$$text"; done
	@echo
	@echo "Variables:"
	@echo "  PORT=5001          the port of make run (default: 5000)"
	@echo "  PYTHON=python3.12  the Python that .venv is built with (default: python3)"
	@echo "  UPGRADE=1          let make lock upgrade versions"
	@echo "  SLUG=acme          the name in code, settings and hosts, for make rename" # template-only
	@echo "  DRY_RUN=1          let make rename or remove list its changes only"
	@echo "  PART=hosting       the part to remove; make remove lists all"

.PHONY: run
run: ## start the site with demo data and print its URL
	@bin/run

.PHONY: venv
venv: ## create or update .venv with the development dependencies
	@bin/venv dev

.PHONY: shell
shell: venv ## open a Python shell with the application and its models
	@$(in-venv) flask shell

.PHONY: psql
psql: venv ## open the database of the development site in psql or sqlite3
	@$(in-venv) flask psql

.PHONY: test
test: lint db-check lock-check ## check everything except the deployment targets
	$(pytest) 3 -m "$(site)"
	$(if $(hosting),$(hosting-pytest) -m "not hosting")

.PHONY: test-platforms
test-platforms: venv ## test the deployment targets: PaaS, containers, Kubernetes, server
	$(pytest) 3 -m platforms

.PHONY: test-hosting
test-hosting: venv ## test hosting against servers in containers
	$(if $(hosting),$(hosting-pytest) -n 3 --dist loadgroup -m hosting,@echo "hosting/ has been removed.")

# template-only: begin
.PHONY: test-fresh
test-fresh: venv ## test installation, also on fresh Debian 12 and 13, rename and update
	$(pytest) 3 -m fresh tests/template

.PHONY: rename
rename: venv ## make a project of its own: NAME="Acme Social" (DRY_RUN=1 lists the changes)
	@.venv/bin/python bin/rename.py $(if $(DRY_RUN),--dry-run) --slug="$(call given,SLUG)" \
		-- "$(call given,NAME)"

# template-only: end
.PHONY: update
update: venv ## merge a later version of the template (VERSION=1.2.0: not the latest)
	@.venv/bin/python bin/update.py -- "$(call given,VERSION)"

.PHONY: remove
remove: venv ## remove what you do not need: PART=hosting (DRY_RUN=1 lists the changes)
	@.venv/bin/python bin/remove.py $(if $(DRY_RUN),--dry-run) -- "$(call given,PART)"

# demo-only: begin
.PHONY: remove-demo
remove-demo: venv ## remove the example application (DRY_RUN=1 lists the changes)
	@.venv/bin/python bin/remove.py $(if $(DRY_RUN),--dry-run) -- demo

# demo-only: end
.PHONY: release
release: ## tag a version and date its changes in the changelog: VERSION=1.2.0
	@bin/release "$(call given,VERSION)"

# demo-only: begin
.PHONY: bench
bench: venv ## measure pages against the least that they could cost (QUICK=1: in three minutes)
	$(in-venv) benchmarks.pages $(if $(QUICK),--quick)

# demo-only: end
.PHONY: check
check: lint ## run lint and the fast tests, on SQLite and without a browser
	$(pytest) auto $(not-fast:%=--ignore=%) -m "$(fast)"
	$(if $(hosting),$(hosting-pytest) -m "not slow")

.PHONY: lint
lint: venv ## check formatting, style, types, imports and shell scripts
	$(in-venv) ruff format --check .
	$(in-venv) ruff check .
	$(in-venv) mypy
	.venv/bin/lint-imports
	.venv/bin/shellcheck $(filter-out %.py %.toml %__pycache__,$(wildcard bin/*)) .ci/run $(wildcard hosting/bin/*)
	$(if $(hosting),cd hosting && ../.venv/bin/mypy && PYTHONPATH=src ../.venv/bin/lint-imports)

.PHONY: format
format: venv ## format the code and apply automatic fixes
	$(in-venv) ruff check --fix-only --quiet .
	$(in-venv) ruff format .

.PHONY: coverage
coverage: venv ## run the tests and write htmlcov/index.html; takes twice as long
	$(pytest) 3 -m "$(site)" --cov --cov-report=html --cov-report=term-missing:skip-covered
	@echo "Open htmlcov/index.html"

.PHONY: docs
docs: venv ## build the documentation as a site, htmldocs/index.html
	.venv/bin/uv run --quiet --no-project --isolated --python .venv/bin/python \
		--with-requirements requirements/docs.txt \
		sphinx-build --quiet --fail-on-warning --keep-going --fresh-env -c docs . htmldocs
	@echo '<meta http-equiv="refresh" content="0; url=docs/README.html">' >htmldocs/index.html
	@echo "Open htmldocs/index.html"

.PHONY: db-check
db-check: venv ## check that the migrations match the models
	@bin/db-check

.PHONY: lock
lock: venv ## compile requirements/*.in into lock files (UPGRADE=1: latest versions)
	@bin/lock $(if $(UPGRADE),--upgrade)

.PHONY: lock-check
lock-check: venv ## check that the lock files match the .in files
	@bin/lock --check

.PHONY: translations
translations: venv ## extract strings to translate and compile the catalogues
	@mkdir -p $(catalog)
	$(pybabel) extract --mapping-file pyproject.toml --project "Flasky" --sort-output \
		--keywords "_l lazy_gettext" --no-location --output-file $(catalog)/messages.pot app
ifneq ($(wildcard $(catalog)/*/LC_MESSAGES/messages.po),)
	$(pybabel) update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date \
		--input-file $(catalog)/messages.pot --output-dir $(catalog)
	$(pybabel) compile --directory $(catalog)
endif

.PHONY: hooks
hooks: venv ## install the pre-commit hooks
	$(in-venv) pre_commit install

.PHONY: clean
clean: ## delete generated files (not the database)
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf htmlcov htmldocs .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
