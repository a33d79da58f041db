# SPDX-License-Identifier: GPL-3.0-or-later
# Every target makes what it needs; `make` alone lists them.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3.11
export PYTHON

# Ansible refuses other encodings, and would leave its caches in the home folder.
export LC_ALL := C.UTF-8
export ANSIBLE_HOME := $(CURDIR)/build/ansible
unexport PYTHONPATH

VENV := $(CURDIR)/.venv
OLDEST := $(CURDIR)/.venv-2.16
IN_VENV = PATH="$(VENV)/bin:$$PATH" ANSIBLE_COLLECTIONS_PATH="$(VENV)/collections"
BENCHMARK = $(IN_VENV) PYTHONPATH="$(CURDIR)/tests/simulator:$(VENV)/collections" python tests/benchmarks
IN_OLDEST = PATH="$(OLDEST)/bin:$$PATH" ANSIBLE_COLLECTIONS_PATH="$(OLDEST)/collections"

# What the artifact and the documentation are made of, as git sees it: edited, new and deleted files count before a commit.
COLLECTION := $(shell git ls-files --cached --others --exclude-standard -- \
    galaxy.yml README.md CONTRIBUTING.md CHANGELOG.md LICENSE bindep.txt requirements.txt changelogs docs meta playbooks plugins roles)
SOURCES := $(wildcard $(COLLECTION))

.PHONY: help
help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 24

.PHONY: demo
demo: build/installed.stamp ## play a recovery of a whole site on two simulated engines
	@PATH="$(VENV)/bin:$$PATH" ANSIBLE_COLLECTIONS_PATH="$(CURDIR)/build/installed" demo/run

.PHONY: test
test: .venv/made.stamp ## unit tests, wire tests and module tests
	@$(IN_VENV) pytest -n 2 --dist loadfile $(PYTEST_ARGS)

.PHONY: test-oldest
test-oldest: .venv-2.16/made.stamp ## the same on the oldest supported ansible-core, but for the simulator's own tests
	@$(IN_OLDEST) PYTHONPATH="$(OLDEST)/collections" pytest -n 2 --dist loadfile \
	    --ignore tests/unit/simulator --ignore tests/unit/official --ignore tests/chaos $(PYTEST_ARGS)

.PHONY: test-official
test-official: .venv/made.stamp .venv-official/made.stamp ## the official ovirt.ovirt collection, unmodified, against the simulated engine
	@$(IN_VENV) PYTHONPATH="$(CURDIR)/tests/simulator" python tests/official/run.py

.PHONY: test-molecule
test-molecule: .venv/made.stamp ## a molecule scenario for each role; SCENARIO=name for one of them
	@$(IN_VENV) molecule test --no-command-borders $(if $(SCENARIO),--scenario-name $(SCENARIO),--all)

.PHONY: test-recovery
test-recovery: .venv/made.stamp ## the procedures of a recovery plan, played by ansible-playbook on simulated sites
	@$(IN_VENV) pytest -n 2 --timeout 600 tests/recovery $(PYTEST_ARGS)

.PHONY: test-browser
test-browser: .venv/made.stamp ## the page of a run's report in headless Chromium (Debian's package chromium)
	@$(IN_VENV) pytest -p no:cacheprovider tests/browser

.PHONY: test-chaos
test-chaos: .venv/made.stamp ## what changes something, with each of its requests disturbed in turn, and run again
	@$(IN_VENV) pytest -n 2 --dist worksteal -m chaos -o timeout=1800 tests/chaos tests/recovery $(PYTEST_ARGS)

.PHONY: conformance
conformance: .venv/made.stamp ## write the table of what the tests show of the engine's contract
	@$(IN_VENV) python tools/conformance.py

.PHONY: mutate
mutate: .venv/made.stamp ## show that flipping any backup restriction of the simulated engine makes its test fail
	@$(IN_VENV) python tools/mutate.py

.PHONY: benchmark
benchmark: .venv/made.stamp .venv-official/made.stamp ## a whole failover against the official role and a bare script; writes docs/benchmarks.md
	@$(BENCHMARK)/failover.py $(BENCHMARK_ARGS)

.PHONY: benchmark-audit
benchmark-audit: .venv/made.stamp ## how long the audit of a big site takes
	@$(BENCHMARK)/backup_audit.py

.PHONY: benchmark-import
benchmark-import: .venv/made.stamp ## one call that brings 20 storage domains in, against a bare script
	@$(BENCHMARK)/import_domains.py

.PHONY: benchmark-copies
benchmark-copies: .venv/made.stamp ## how near copies of 200 VMs come to the time that the engine itself takes for them
	@$(BENCHMARK)/vm_copies.py

.PHONY: benchmark-registration
benchmark-registration: .venv/made.stamp ## one call that registers 1,000 VMs and 50 templates, against a bare loop
	@$(BENCHMARK)/register_entities.py

.PHONY: benchmark-preflight
benchmark-preflight: .venv/made.stamp ## how long the preflight of 10,000 VMs on two sites takes
	@$(BENCHMARK)/preflight.py

.PHONY: benchmark-simulator
benchmark-simulator: .venv/made.stamp ## how the simulated engine bears a big site
	@$(BENCHMARK)/simulator_scale.py

.PHONY: benchmark-ovf
benchmark-ovf: .venv/made.stamp ## how many OVF documents are read in a second, against lxml alone
	@$(BENCHMARK)/ovf_reading.py

.PHONY: fuzz-ovf
fuzz-ovf: .venv/made.stamp ## let 200,000 mutilated OVF documents be read
	@$(IN_VENV) python tests/fuzz/ovf_reading.py

.PHONY: lint
lint: .venv/made.stamp ## ruff, mypy, yamllint, ansible-lint, changelog and documentation checks
	$(IN_VENV) ruff check .
	$(IN_VENV) ruff format --check .
	$(IN_VENV) mypy plugins demo tests/benchmarks tests/simulator tests/official tools
	$(IN_VENV) yamllint --strict .
	$(IN_VENV) ansible-lint
	$(IN_VENV) antsibull-changelog lint
	$(IN_VENV) antsibull-docs lint-collection-docs --plugin-docs .

.PHONY: sanity
sanity: .venv/made.stamp ## ansible-test sanity
	@$(IN_VENV) python tools/sanity.py

.PHONY: docs
docs: build/docs.stamp ## reference pages of all plugins and roles, in build/docs/html

.PHONY: build
build: build/installed.stamp ## the artifact, and its installation in build/installed

.PHONY: clean
clean: ## remove all that make has made
	rm -rf build .venv .venv-2.16 .venv-official .ansible .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/output lifeboat-ovirt-*.tar.gz
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/made.stamp: requirements/dev.txt requirements/test.txt requirements/constraints.txt tools/make_venv.sh
	@tools/make_venv.sh .venv requirements/dev.txt
	@touch $@

.venv-2.16/made.stamp: requirements/oldest.txt requirements/test.txt requirements/constraints.txt tools/make_venv.sh
	@tools/make_venv.sh .venv-2.16 requirements/oldest.txt
	@touch $@

.venv-official/made.stamp: requirements/official.txt requirements/constraints.txt tools/make_venv.sh
	@tools/make_venv.sh .venv-official requirements/official.txt
	@touch $@

# Rewritten only when a file comes or goes: make sees no deleted prerequisite otherwise.
build/sources.list: FORCE
	@mkdir -p build
	@printf '%s\n' $(SOURCES) | cmp --silent - $@ || printf '%s\n' $(SOURCES) > $@

build/installed.stamp: $(SOURCES) build/sources.list tools/build.py tools/copies.py .venv/made.stamp
	@$(IN_VENV) python tools/build.py
	@touch $@

build/docs.stamp: build/installed.stamp tools/docs/conf.py
	@$(IN_VENV) tools/docs/make.sh
	@touch $@

.PHONY: FORCE
FORCE:
