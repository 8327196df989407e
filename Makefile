# make run · make test · make check · make bench [ONLY=name] · make reset · make setup
PYTHON ?= python3
BIN := .venv/bin
export BIN

export PORT ?= 8501
# Who may open the pages: this machine only. 0.0.0.0 lets the network in; the demo's password is no secret.
export HOST ?= localhost
export DATA_DIR ?= ./data
export SANDBOX_PORT ?= 8600
export SANDBOX_SYSTEMS ?= $(DATA_DIR)/sandbox/systems.json
export WEBHOOK_URL ?= http://127.0.0.1:$(PORT)/webhooks/stripe
# A warning of the embedded store about folders of the desktop session; nothing anyone could act on.
export PYTHONWARNINGS := ignore::UserWarning

PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet

.PHONY: run setup test check bench reset

run: .venv/.installed
	@$(BIN)/python -m jobs prepare
	@exec $(BIN)/python -m jobs start

setup: .venv/.installed

test: .venv/.dev-installed .venv/.browser
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest -n 2 -m "not browser"
	@$(BIN)/python -m pytest -m browser

check: .venv/.dev-installed
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest -n 2 -m "not slow and not browser"

.PHONY: lint
lint:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy .
	@$(BIN)/lint-imports --no-logo

bench: .venv/.dev-installed
	@$(BIN)/python -m benchmarks $(ONLY)

reset: .venv/.installed
	@$(BIN)/python -m jobs reset

.venv/.installed: requirements.txt
	@PYTHON="$(PYTHON)" ./.ci/environment
	@echo "Installing what Quittance needs; this takes a minute the first time."
	@$(PIP) -r requirements.txt
	@touch $@

.venv/.dev-installed: requirements-dev.txt .venv/.installed
	@echo "Installing what the tests need."
	@$(PIP) -r requirements-dev.txt
	@touch $@

.venv/.browser: .venv/.dev-installed
	@./.ci/browser
	@touch $@
