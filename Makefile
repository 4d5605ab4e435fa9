# Thin names for the scripts in tools/, which can be called without make.
#   make setup PYTHON=python3.13 VENV=/tmp/venv   another interpreter or place
#   make setup OPENSSL=system                     link the system's libcrypto
PYTHON ?= python3
VENV ?= .venv
export PYTHON VENV

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-call test bench bench-report bench-gate bench-baseline wheel clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 22

setup: ## Get ready: environment, OpenSSL, compiled extension (again: under 1 s)
	@tools/setup

demo: ## Run the demonstration
	@tools/setup --quiet
	@$(VENV)/bin/fastframe demo

demo-call: ## Hold a sealed call between browsers; draws what each saw (Linux, root)
	@tools/setup --quiet
	@$(VENV)/bin/python examples/telehealth/demo.py

test: ## Run every check: style, types, tests
	@tools/setup --quiet
	@tools/setup-peers --quiet
	@tools/run-tests

bench: ## Measure speed by topic, in two minutes (FULL=1: all, in ten)
	@tools/setup --quiet
	@tools/setup-peers --quiet
	@tools/run-bench

bench-report: ## Measure and draw one page, in three minutes (DOCS=1: docs/performance.md too)
	@tools/setup --quiet
	@tools/bench-report

bench-gate: ## Fail if fastframe has become slower (BASE=REV: than there)
	@tools/setup --quiet
	@$(VENV)/bin/python bench/gate.py $(if $(BASE),--base $(BASE))

bench-baseline: ## Record anew what bench-gate holds this machine to
	@tools/setup --quiet
	@$(VENV)/bin/python bench/gate.py --record

wheel: ## Build wheels as a release would, check them, try them on every Python
	@"$(PYTHON)" tools/wheel

clean: ## Remove what setup and the tests made (OpenSSL stays in its cache)
	@tools/clean
