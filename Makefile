# make serve   installs what is needed, brings the library in, serves http://127.0.0.1:8000
# make test    installs with the test extras, runs the whole suite
# make check   formatting, lint, types
# make fuzz    thousands of requests made from the API's own description
# make security   who gets at what without a right to it, and what load does, in figures
# make gate    the question sets, held against the run that was accepted last
# make baselines   our figures beside stock pipelines, into docs/evaluation.md
# make slack   1,000 Slack questions delivered again and again across a restart, 300 faults; time to first sign and words
# make slack-emulate   a conversation in a Slack workspace that others wrote; needs node and npm
# make page    the chat page: first paint, first word, thirty tabs at once, measured in Chromium
# make bench   the question sets, and the third-party sets in CAREER_BENCH_DATA
# make torture kills, collisions, full disks and live backups: is anything ever lost?

PYTHON ?= python3
# Some shells export HOST as the machine's name, so only the command line may change it: make serve HOST=0.0.0.0
HOST = 127.0.0.1
PORT ?= 8000

VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt

.PHONY: default serve test check bench fuzz security gate baselines page slack torture slack-emulate
default: check test

serve: $(VENV)/.installed-serve
	@$(BIN)/career-assistant serve --host $(HOST) --port $(PORT)

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest

check: $(VENV)/.installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict

fuzz: $(VENV)/.installed-test
	FUZZ_EXAMPLES=500 FUZZ_AT_LEAST=5000 $(BIN)/python -m pytest -q tests/test_schema.py

security: $(VENV)/.installed-test
	$(BIN)/python -m pytest -q tests/test_security.py

gate: $(VENV)/.installed-test
	$(BIN)/career-assistant --data runs/library ingest
	$(BIN)/career-assistant --data runs/library eval --gate --out runs/gate

baselines: $(VENV)/.installed-test .venv-baselines/.installed
	$(BIN)/python -m evals.stock .venv-baselines/bin/python

.venv-baselines/.installed: evals/baselines/requirements.txt
	$(PYTHON) -m venv .venv-baselines
	.venv-baselines/bin/python -m pip install --disable-pip-version-check --quiet torch==2.13.0
	.venv-baselines/bin/python -m pip install --disable-pip-version-check --quiet --requirement $<
	@touch $@

slack: $(VENV)/.installed-test
	SLACK_STORM=1000 $(BIN)/python -m pytest -q tests/test_slack_faults.py -k "storm or three_hundred"
	$(BIN)/python tests/slack_latency.py

slack-emulate: $(VENV)/.installed-test
	npm install --silent --ignore-scripts --no-save --prefix runs/slack-emulate emulate@0.12.2
	$(BIN)/python tests/slack_emulate.py runs/slack-emulate

page: $(VENV)/.installed-test
	$(BIN)/python tests/page_speed.py

bench: $(VENV)/.installed-bench
	$(BIN)/career-assistant eval
	$(BIN)/python -m evals.bench

torture: $(VENV)/.installed-test
	$(BIN)/python -m evals.torture

# Made last by venv, so that a set-up that was cut short is begun again.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, and this is %d.%d. Name one: make PYTHON=python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

# PyTorch first: it is most of the download, and what fails then has failed before anything else is waited for.
$(VENV)/.installed-serve: pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Installing the pinned dependencies into $(VENV); the first time this takes some minutes."
	$(INSTALL) torch
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(BIN)/pip
	@echo "Installing the pinned dependencies and the test tools into $(VENV); the first time this takes some minutes."
	$(INSTALL) torch
	$(INSTALL) --editable '.[test]'
	@touch $@ $(VENV)/.installed-serve

$(VENV)/.installed-bench: $(VENV)/.installed-test
	$(INSTALL) --editable '.[bench,test]'
	@touch $@
