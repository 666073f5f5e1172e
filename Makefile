.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8300

# How tests are run. What waits more than it computes is a lane of its own, with more workers than there are cores.
# It keeps the tests of a file in one process, which starts what they share once; elsewhere each goes to whoever is free.
# Tracebacks are native: looking into the source, as pytest's do, fails at times on Python 3.11, and takes the run along.
# ONLY=FILE runs the tests that it names; TOOK=FILE writes there how long each took; MEASURED=1 measures coverage.
WAITING := $(addprefix tests/,browser faults health process)
GAPS := tests/cluster/kubernetes/test_gaps.py
CORES = $$($(BIN)/python -c 'import os; print(os.cpu_count())')
WAITERS ?= $(shell expr 2 '*' $(CORES))
WORKERS ?= $(shell expr 1 + $(CORES))
RUN = $(BIN)/$(if $(MEASURED),coverage run,python) -m pytest -q --tb native --dist worksteal --took $(or $(TOOK),-) $(PYTEST)
comma := ,
these = $(if $(ONLY),@$(ONLY),$(1))
# What only speaks to a real API server.
ON_CLUSTER := $(patsubst %,core/cluster/kubernetes/%.py,cluster broadcast holdings pod_logs applied reasons)

# A lock is one only if nothing is resolved while it is installed: what it says, and nothing else (tests/lock).
LOCKED := --quiet --no-deps --require-hashes
PIP := $(BIN)/pip install --disable-pip-version-check
UV := VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip

COMPILE := $(UV) compile pyproject.toml --system-certs --universal --python-version 3.11 --generate-hashes \
  --no-strip-extras --no-emit-index-url --no-header --quiet

.PHONY: help
help: ## what can be done here
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(VENV)/.run ## a guild in the browser, with real game servers behind it (PORT= moves it)
	@$(BIN)/python -m bot demo --port $(PORT)

.PHONY: test
test: $(VENV)/.dev ## every part of Dormouse, in a quarter of an hour on 2 cores; what is skipped says why
	@$(MAKE) --no-print-directory --jobs 2 --output-sync test-computing test-waiting

.PHONY: test-computing
test-computing: $(VENV)/.dev # one lane of `make test`
	$(RUN) -n $(WORKERS) -m "not kubernetes and not containers and not realgames and not deep" $(call these,tests $(WAITING:%=--ignore %))

.PHONY: test-waiting
test-waiting: $(VENV)/.dev # the other
	$(RUN) --dist loadfile -n $(WAITERS) -m "not deep" $(call these,$(WAITING))

.PHONY: test-deep
test-deep: $(VENV)/.dev ## what tries much more of the same: deaths, storms, hostile input, a hundred thousand files
	$(RUN) -n $(WAITERS) -m deep $(call these,tests/death tests/storm tests/hostile tests/machine tests/web/api tests/worlds/test_round_trip.py)

.PHONY: test-realgames
test-realgames: $(VENV)/.dev ## real games that are installed (tests/realgames says which), with real players
	$(RUN) -n 6 -m realgames $(call these,tests/realgames)

.PHONY: test-minecraft
test-minecraft: $(VENV)/.dev ## a server and a client of Minecraft that npm has (600 MB, into .minecraft/)
	npm install --prefix .minecraft --no-audit --no-fund --no-save --no-package-lock flying-squid@1.12.0 mineflayer@4.39.0
	$(RUN) -n 0 -k flying-squid tests/realgames

.PHONY: web-tools
web-tools: .webtools/node_modules ## what tests of the HTTP face use of npm: an OpenID provider, and axe (into .webtools/)

# Where the system has a bundle of certificates, node takes that too: it has its own, which knows no proxy.
BUNDLE ?= $(or $(SSL_CERT_FILE),$(wildcard /etc/ssl/certs/ca-certificates.crt))

.webtools/node_modules:
	NODE_EXTRA_CA_CERTS="$(BUNDLE)" npm install --prefix .webtools --no-audit --no-fund --no-save --no-package-lock \
	  --fetch-retries 2 --fetch-timeout 30000 oidc-provider@9.13.3 axe-core@4.11.0
	@touch $@

.PHONY: test-browser
test-browser: $(VENV)/.dev ## the story of the demo in a headless Chromium
	$(RUN) -n 0 -m browser tests/browser

.PHONY: test-cluster
test-cluster: test-kubernetes test-gaps ## what needs a real cluster (KUBECONFIG) with Dormouse's image on it (DORMOUSE_TEST_IMAGE)

.PHONY: test-kubernetes
test-kubernetes: $(VENV)/.dev # all but what breaks the cluster
	$(RUN) -n $(WAITERS) -m kubernetes $(call these,tests/cluster tests/chart tests/container tests/realgames --ignore $(GAPS))

.PHONY: test-gaps
test-gaps: $(VENV)/.dev # what breaks it for a while, so nothing else may run on it
	$(RUN) -n 0 -m "not deep" $(call these,$(GAPS))

.PHONY: test-containers
test-containers: $(VENV)/.dev ## games in containers, with a real podman
	$(RUN) -n $(WAITERS) -m containers $(call these,tests/containers)

.PHONY: coverage
coverage: $(VENV)/.dev ## lines and branches that `make test` reaches, and test-cluster where there is one: at least 90 %
	$(BIN)/coverage erase
	$(MAKE) MEASURED=1 test $(if $(DORMOUSE_TEST_IMAGE),test-cluster)
	@$(MAKE) --no-print-directory coverage-report

.PHONY: coverage-report
coverage-report: # of all that was measured since the last `coverage erase`
	$(BIN)/coverage combine -q
	@$(if $(DORMOUSE_TEST_IMAGE),,echo "Left out, because there is no cluster to try it on (DORMOUSE_TEST_IMAGE):" $(ON_CLUSTER))
	$(BIN)/coverage report $(if $(DORMOUSE_TEST_IMAGE),,--omit "$(subst $(eval ) ,$(comma),$(ON_CLUSTER))")

.PHONY: soak
soak: $(VENV)/.dev ## hours: every sampled case, a hundred storms, death at every point, long state machines; with a cluster, there too
	CASES=all $(RUN) -n $(WAITERS) --timeout 3600 tests/agent tests/death tests/hostile tests/storm tests/machine tests/worlds \
	  $(if $(KUBECONFIG),tests/cluster --ignore $(GAPS))
	$(if $(KUBECONFIG),$(RUN) -n 0 --timeout 3600 $(GAPS))

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
	$(COMPILE) --extra build -o requirements.txt
	$(COMPILE) --extra build --extra dev -c requirements.txt -o requirements-dev.txt

.PHONY: clean
clean: ## remove the virtual environment and caches (worlds and databases stay)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Dormouse needs Python 3.11 or newer: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV)

# uv takes a tenth of pip's time over the hashes. It comes by pip, from the lock; where there is none for this machine,
# or it cannot reach what pip reaches, pip does its work.
$(BIN)/uv: requirements-dev.txt | $(BIN)/python
	@awk '/^[a-z]/ {ours = /^uv==/} ours' requirements-dev.txt > $(VENV)/uv.txt
	@$(PIP) $(LOCKED) -r $(VENV)/uv.txt || echo "There is no uv for this machine: pip takes a minute longer."
	@[ ! -e $@ ] || touch $@

define install
	@$(UV) install $(LOCKED) --system-certs -r $(1) || $(PIP) $(LOCKED) -r $(1)
	@$(UV) install --quiet --offline --no-deps --no-build-isolation -e . || $(PIP) --quiet --no-deps --no-build-isolation -e .
endef

$(VENV)/.run: requirements.txt | $(BIN)/uv
	@echo "Setting up (once) ..."
	$(call install,requirements.txt)
	@touch $@

$(VENV)/.dev: requirements-dev.txt | $(BIN)/uv
	@echo "Setting up for development (once) ..."
	$(call install,requirements-dev.txt)
	@touch $@ $(VENV)/.run

.PHONY: bench
bench: bench-bot bench-web bench-worlds bench-cluster ## how fast it is, beside its peers, in docs/performance.md (BENCH=quick: prints only)

.PHONY: bench-bot
bench-bot: $(VENV)/.dev ## the bot beside a bare one
	PYTHONPATH=.:tests/support $(BIN)/python tests/bench $(if $(filter quick,$(BENCH)),--quick)

.PHONY: bench-web
bench-web: $(VENV)/.dev ## the HTTP face beside a bare FastAPI
	PYTHONPATH=.:tests/support:tests/bench $(BIN)/python tests/bench/web $(if $(filter quick,$(BENCH)),--quick)

.PHONY: bench-cluster
bench-cluster: $(VENV)/.dev ## on a real cluster, beside kubectl and the typed client (see tests/bench/kubernetes)
	PYTHONPATH=.:tests/support:tests/bench $(BIN)/python tests/bench/kubernetes $(if $(filter quick,$(BENCH)),--quick)

.PHONY: bench-worlds
bench-worlds: $(VENV)/.dev ## worlds of 1 and 4 GiB beside restic and rclone, where these are installed
	$(BIN)/python tests/bench/worlds $(if $(filter quick,$(BENCH)),--quick)

.PHONY: helm
helm: ## Helm, which no Debian package has, built from its Go module into .helm/
	@deploy/get-helm

.PHONY: docs
docs: $(VENV)/.dev ## docs/games.md, made of the catalogue, and docs/api, made of the program
	PYTHONPATH=.:tests/support $(BIN)/python tests/support/gamespage.py
	PYTHONPATH=.:tests/support $(BIN)/python tests/support/apipage.py

.PHONY: api-client
api-client: docs ## docs/api/client, made of docs/api/openapi.json
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/openapi-python-client generate --path docs/api/openapi.json --config docs/api/client/config.yml \
	  --meta none --output-path docs/api/client/dormouse_client --overwrite
	sha256sum docs/api/openapi.json >docs/api/client/made-of.sha256

.PHONY: manifests
manifests: ## deploy/manifests, made from the chart
	deploy/make-manifests
