# `make run` and `make test` are the two that a newcomer needs; each does all its own set-up.

SHELL := bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test quick e2e model check fix lock coverage bench

PORT ?= 8000
MINUTES ?= 10
SEED ?= 1
DATABASE ?= sqlite
DATA ?= var
TOOLS := .tools/bandit/.made .tools/semgrep/.made .tools/wapiti/.made
LOCK := .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url

help:  ## This list.
	@sed -n 's/^\([a-z0-9]*\):.*  ## /\1\t/p' Makefile | expand -t 10

run: .venv/.run  ## Vestibule on http://localhost:$PORT (8000) with its data in $DATA (var).
	@export VESTIBULE_PUBLIC_ORIGIN=http://localhost:$(PORT) VESTIBULE_PORT=$(PORT) \
		VESTIBULE_DATA='$(DATA)' VESTIBULE_SIMULATOR=true; \
	.venv/bin/vestibule migrate && exec .venv/bin/vestibule serve

test: .venv/.dev $(TOOLS)  ## All tests, with a real PostgreSQL and a real browser.
	@scripts/components
	@.venv/bin/pytest -n 2 -m 'not browser'
	@.venv/bin/pytest -n 2 -m browser

quick: .venv/.dev $(TOOLS)  ## The tests that need no browser.
	@scripts/components fonts nginx postgresql oathtool zbar
	@.venv/bin/pytest -n 2 -m 'not browser'

e2e: .venv/.dev  ## The tests that drive a browser.
	@scripts/components
	@.venv/bin/pytest -n 2 -m browser

model: .venv/.dev  ## The attacker model for MINUTES (10) from SEED (1) on DATABASE (sqlite).
	@scripts/components postgresql
	@.venv/bin/python -m tests.model --minutes $(MINUTES) --seed $(SEED) --database $(DATABASE)

check: .venv/.dev  ## Format, lint, types, floors, house rules, wording. Never writes.
	@scripts/check

fix: .venv/.dev  ## Format, mend what ruff can mend, collect the sentences for translation.
	@.venv/bin/ruff check --fix --quiet || true
	@.venv/bin/ruff format
	@.venv/bin/python -m scripts.catalogue
	@.venv/bin/python -m scripts.reference

lock: .venv/.dev  ## Pin again after a change of dependencies; UPGRADE=--upgrade takes the newest.
	@$(LOCK) $(UPGRADE) pyproject.toml --group build -o requirements.txt
	@$(LOCK) $(UPGRADE) pyproject.toml --group build --group dev -c requirements.txt \
		-o requirements-dev.txt
	@$(LOCK) $(UPGRADE) --group installer -o requirements-installer.txt
	@$(LOCK) $(UPGRADE) --group bandit -o requirements-bandit.txt
	@$(LOCK) $(UPGRADE) --group semgrep -o requirements-semgrep.txt
	@$(LOCK) $(UPGRADE) --group wapiti -o requirements-wapiti.txt

coverage: .venv/.dev $(TOOLS)  ## Branch coverage of the tests that need no browser.
	@scripts/components fonts nginx postgresql oathtool zbar
	@.venv/bin/coverage erase
	@.venv/bin/coverage run -m pytest -q -m 'not browser'
	@.venv/bin/coverage combine --quiet && .venv/bin/coverage report

bench: .venv/.dev  ## How soon each page shows something, and what it weighs.
	@scripts/components
	@.venv/bin/python -m bench.pages

# What an environment was made from; it is made again only when one of these changes.
MADE_FROM := pyproject.toml requirements-installer.txt scripts/environment

.venv/.run: requirements.txt $(MADE_FROM)
	@scripts/environment requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt requirements.txt $(MADE_FROM)
	@scripts/environment requirements-dev.txt
	@touch $@ .venv/.run

# Programs that look at Vestibule from outside, each in an environment of its own.
.tools/%/.made: requirements-%.txt scripts/tool | .venv/.dev
	@scripts/tool $*
	@touch $@
