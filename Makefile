.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8300
GAPS := tests/cluster/kubernetes/test_gaps.py
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: help
help: ## what can be done here
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(VENV)/.run ## a guild in the browser, with real game servers behind it (PORT= moves it)
	@$(BIN)/python -m bot demo --port $(PORT)

.PHONY: test
test: $(VENV)/.dev ## all tests that this machine can run; what is skipped says why
	$(BIN)/python -m pytest -n auto $(PYTEST)

.PHONY: test-browser
test-browser: $(VENV)/.dev ## the story of the demo in a headless Chromium
	$(BIN)/python -m pytest -m browser tests/browser

.PHONY: test-cluster
test-cluster: $(VENV)/.dev ## what needs a real cluster (KUBECONFIG) with Dormouse's image on it (DORMOUSE_TEST_IMAGE)
	$(BIN)/python -m pytest -n auto -m kubernetes --ignore $(GAPS) tests/cluster tests/chart tests/container $(PYTEST)
	$(BIN)/python -m pytest $(GAPS) $(PYTEST) # it breaks the cluster for a while, so it runs by itself

.PHONY: coverage
coverage: $(VENV)/.dev ## lines and branches that unit and process tests reach: at least 90 %
	$(if $(PYTEST),,$(BIN)/coverage erase)
	$(BIN)/coverage run -m pytest -n auto -q -m "not browser and not kubernetes" --ignore tests/death $(PYTEST)
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

.PHONY: soak
soak: $(VENV)/.dev ## hours: a hundred storms, death at every point, 500 deaths on the cluster, long state machines
	DEATHS=all STORMS=1-100 CLUSTER_DEATHS=500 HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest -n auto --timeout 3600 \
	  tests/death tests/storm tests/machine tests/worlds tests/cluster --ignore $(GAPS)

.PHONY: pictures
pictures: test-browser ## the README's pictures, made by the program itself
	mkdir -p docs/pictures
	cp tests/browser/pictures/warned-1280.png tests/browser/pictures/meadow-1280.png \
	  tests/browser/pictures/phone-360.png docs/pictures/

.PHONY: check
check: $(VENV)/.dev ## lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: format
format: $(VENV)/.dev ## let ruff format and mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: dev
dev: $(VENV)/.dev ## everything a contributor needs

.PHONY: lock
lock: $(VENV)/.dev ## compile requirements*.txt from pyproject.toml (hashes, no addresses)
	$(BIN)/uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header -q -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml --extra build --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header -q -c requirements.txt -o requirements-dev.txt

.PHONY: clean
clean: ## remove the virtual environment and caches (worlds and databases stay)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Dormouse needs Python 3.11 or newer: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt | $(BIN)/python
	@echo "Setting up (once) ..."
	@$(PIP) -r requirements.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.txt | $(BIN)/python
	@echo "Setting up for development (once) ..."
	@$(PIP) -r requirements-dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.run

.PHONY: bench
bench: bench-bot bench-worlds bench-cluster ## how fast it is, beside its peers, in docs/performance.md (BENCH=quick: prints only)

.PHONY: bench-bot
bench-bot: $(VENV)/.dev ## the bot beside a bare one
	PYTHONPATH=.:tests/support $(BIN)/python tests/bench $(if $(filter quick,$(BENCH)),--quick)

.PHONY: bench-cluster
bench-cluster: $(VENV)/.dev ## on a real cluster, beside kubectl and the typed client (see tests/bench/kubernetes)
	PYTHONPATH=.:tests/support:tests/bench $(BIN)/python tests/bench/kubernetes $(if $(filter quick,$(BENCH)),--quick)

.PHONY: bench-worlds
bench-worlds: $(VENV)/.dev ## worlds of 1 and 4 GiB beside restic and rclone, where these are installed
	$(BIN)/python tests/bench/worlds $(if $(filter quick,$(BENCH)),--quick)

.PHONY: helm
helm: ## Helm, which no Debian package has, built from its Go module into .helm/
	@deploy/get-helm

.PHONY: manifests
manifests: ## deploy/manifests, made from the chart
	deploy/make-manifests
