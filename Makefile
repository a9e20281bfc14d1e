# Every command of the project. `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
ENVS := .suimon/envs
KERNEL := src/suimon/check/kernel
UV := $(VENV)/bin/uv
# Nothing of the user's own Python or AWS set-up may reach our environments.
export PYTHONPATH :=
# Each process compiles what it imports once, whatever the shell says: the tests start hundreds.
export PYTHONDONTWRITEBYTECODE :=
export UV_NO_PROGRESS := 1
export UV_PYTHON_DOWNLOADS := never

help: ## list every command
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

setup: $(VENV)/.ready $(KERNEL)/kernel.so $(ENVS)/ministack/.ready $(ENVS)/sam/.ready $(ENVS)/airflow/.ready $(ENVS)/airflow-3.2.1/.ready $(ENVS)/fuzz/.ready ## make every environment; a second run installs nothing

demo: setup ## the main job: real files through the whole pipeline on this machine
	@$(VENV)/bin/python -m local demo

up: setup ## start the twin and deploy into it
	@$(VENV)/bin/python -m local up

down: ## end exactly what `make up` started
	@if [ -f $(VENV)/.ready ]; then $(VENV)/bin/python -m local down; fi

# A worker for each core; three for all tests, since those of the twin wait more than they work.
PYTEST := $(VENV)/bin/python -m pytest --no-loadscope-reorder
quick: $(VENV)/.ready $(KERNEL)/kernel.so ## run the tests that start no process of their own, of campaigns one case in five
	@$(PYTEST) -n 2 -m "not process and not large" --sample

test: setup ## run every test
	@$(PYTEST) -n 3

long: setup ## run every test, and the campaigns at full size: once a night
	@$(PYTEST) -n 3 --long

check: setup $(ENVS)/security/.ready ## format, lint, types, templates, security
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo --cache-dir .suimon/import-linter
	@$(VENV)/bin/cfn-lint --include-checks I --template template.yaml environment.yaml
	@$(VENV)/bin/python -m local.template_check template.yaml environment.yaml
	@$(VENV)/bin/python -m local.inventory
	@$(ENVS)/security/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows docs/deploy-pipeline.yml
	@$(VENV)/bin/python -m local.security_check

differential: $(VENV)/.ready $(KERNEL)/kernel.so ## the checker against its slow oracle; resumes; FILES= of each kind (20000), JOBS= (2)
	@PYTHONPATH=. $(VENV)/bin/python -m tests.fuzz.differential --files $(or $(FILES),20000) --jobs $(or $(JOBS),2)

bench-check: $(VENV)/.ready $(KERNEL)/kernel.so $(ENVS)/bench/.ready ## measure the checker beside other tools; ROWS=, LARGE=, LONG=1
	@$(VENV)/bin/python -m bench.check --bench-python $(ENVS)/bench/bin/python \
	  $(if $(ROWS),--rows $(ROWS)) $(if $(LARGE),--large $(LARGE)) $(if $(LONG),--long)

bench-kernel: $(VENV)/.ready $(KERNEL)/kernel.so ## where the kernel's time goes, from 1 MB to 10 GB; LARGEST= bytes
	@$(VENV)/bin/python -m bench.kernel $(if $(LARGEST),--largest $(LARGEST))

bench-cold: $(VENV)/.ready $(KERNEL)/kernel.so ## how long each function takes until it is ready; RUNS= (20)
	@$(VENV)/bin/python -m bench.cold $(if $(RUNS),--runs $(RUNS))

dashboard: setup ## draw docs/dashboard.svg from the metrics of the twin that is up
	@$(VENV)/bin/python -m local.dashboard docs/dashboard.svg

bench-hostile: $(VENV)/.ready $(KERNEL)/kernel.so ## measure the checker on hostile and broken files of every kind; MEGABYTES= (60), ONLY= (an expression), LIMIT= of memory (512), WAY= (kernel, duckdb)
	@$(VENV)/bin/python -m bench.hostile $(if $(MEGABYTES),--megabytes $(MEGABYTES)) $(if $(ONLY),--only '$(ONLY)') \
	  $(if $(LIMIT),--limit $(LIMIT)) $(if $(WAY),--way $(WAY))

bench-burst: setup ## a burst of small files through a whole twin, about 25 minutes; FILES= (10000)
	@$(VENV)/bin/python -m bench.burst $(if $(FILES),--files $(FILES))

fuzz: $(VENV)/.ready $(KERNEL)/kernel.so $(ENVS)/fuzz/.ready ## look for inputs that break a promise; SECONDS= for each of the five targets
	@mkdir -p .suimon/fuzz && $(VENV)/bin/python -m tests.fuzz.covered $(ENVS)/fuzz/bin/python .suimon/fuzz/covered.so
	@for target in kernel check grammar contract compiled; do echo "fuzz: $$target"; \
	  mkdir -p .suimon/fuzz/$$target tests/fuzz/regressions/$$target; \
	  PYTHONPATH=src $(ENVS)/fuzz/bin/python -m tests.fuzz.fuzz $$target --folder .suimon/fuzz/$$target \
	    --covered .suimon/fuzz/covered.so --found tests/fuzz/regressions/$$target --seconds $(or $(SECONDS),60) || exit 1; done

mutate: $(VENV)/.ready $(KERNEL)/kernel.so $(ENVS)/mutation/.ready ## change the code that decides, see whether tests notice; OF= (drops, runs, incidents, expectations, checker), MUTANTS= of each (0: all), SEED=, AGAIN=1
	@$(ENVS)/mutation/bin/python -m bench.mutation $(OF) --mutants $(or $(MUTANTS),150) --seed $(or $(SEED),7) \
	  $(if $(AGAIN),--again) $(if $(OF),,--page docs/mutation.md)

simulate: $(VENV)/.ready ## run the gate in virtual time, where everything goes wrong; SCHEDULES=, SEED= (tell one), ALL=1, BUGS=1, JOBS=
	@$(VENV)/bin/python -m tests.simulation $(if $(SCHEDULES),--schedules $(SCHEDULES)) $(if $(SEED),--seed $(SEED)) \
	  $(if $(ALL),--all) $(if $(BUGS),--bugs) --jobs $(or $(JOBS),1)

tables: $(VENV)/.ready ## hold the contracts against the tables and write what the DAGs know of both
	@$(VENV)/bin/suimon warehouse describe --out dags
	@cd dags && ../$(VENV)/bin/python -m suimon_etl.measure

states: $(VENV)/.ready ## write the states of drops (ARCHITECTURE.md) and the kinds of incidents (docs/incidents.md) from their tables
	@$(VENV)/bin/python -m tests.unit.drops.picture
	@$(VENV)/bin/python -m tests.unit.incidents.page
	@$(VENV)/bin/python -m tests.unit.incidents.runbook

inventory: setup ## write what the stacks are, every right and setting, into docs/operations/inventory.md: read its diff
	@$(VENV)/bin/python -m local.inventory --write

build: setup tables ## build the stack for AWS: arm64, Python 3.13
	@SAM_CLI_TELEMETRY=0 $(ENVS)/sam/bin/sam build

deploy: setup tables ## deploy to ENV=dev or prod of samconfig.toml: both stacks, DAGs, tables, a probe; BRING_BACK=1 (docs/deploy.md)
	@$(VENV)/bin/python -m local.rollout $(or $(ENV),$(error name it: make deploy ENV=dev)) $(if $(BRING_BACK),--bring-back)

update: ## take the newest versions that requirements/*.in allow into the lock files; then run `make test`
	@$(MAKE) lock UPGRADE=--upgrade

sbom: $(ENVS)/security/.ready ## write what the functions carry as CycloneDX, from the lock files, into .suimon/sbom
	@$(VENV)/bin/python -m local.security_check.sbom

lock: $(VENV)/.ready ## resolve requirements/*.in again into hashed lock files
	@for name in bootstrap build suimon ministack sam airflow airflow-3.2.1 bench security; do \
	  $(UV) pip compile -q $(UPGRADE) --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    requirements/$$name.in -o requirements/$$name.lock.txt || exit 1; done
	@for name in intake functions fuzz mutation; do \
	  $(UV) pip compile -q $(UPGRADE) --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    -c requirements/suimon.lock.txt requirements/$$name.in -o requirements/$$name.lock.txt || exit 1; done

# The SAM CLI builds functions only, and uploads one file of a Glue job: with each function, that file is made if it is old.
GLUE_SCRIPT := .suimon/glue/csv_to_parquet.py
$(GLUE_SCRIPT): $(wildcard glue/*.py) src/suimon/contract/written.py src/suimon/values.py
	@$(VENV)/bin/python glue/build.py $@

# The SAM CLI calls these, from the project's root, with ARTIFACTS_DIR set.
build-IntakeFunction build-OutcomeFunction build-FreshnessFunction build-ReplayFunction: build-%Function: $(GLUE_SCRIPT)
	@$(VENV)/bin/python -m functions.build "$$(echo $* | tr A-Z a-z)" "$(ARTIFACTS_DIR)"

clean: down ## remove everything that setup, tests and the twin made
	@rm -rf $(VENV) $(KERNEL)/kernel.so $(KERNEL)/kernel.seal .suimon .pytest_cache .ruff_cache .mypy_cache .hypothesis

$(VENV)/bin/uv: requirements/bootstrap.lock.txt
	@echo "setup: .venv"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Suimon needs Python 3.11 or newer; set PYTHON=python3.x")'
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install -q --disable-pip-version-check --only-binary :all: --require-hashes -r requirements/bootstrap.lock.txt
	@touch $@

# pyspark comes as source alone; what builds it is locked, too.
$(VENV)/.ready: $(VENV)/bin/uv requirements/suimon.lock.txt requirements/build.lock.txt pyproject.toml
	@echo "setup: suimon and its tests"
	@VIRTUAL_ENV=$(VENV) $(UV) pip sync -q --require-hashes --build-constraints requirements/build.lock.txt requirements/bootstrap.lock.txt requirements/suimon.lock.txt
	@VIRTUAL_ENV=$(VENV) $(UV) pip install -q --no-deps --no-build-isolation -e .
	@$(VENV)/bin/python -m suimon.check.kernel.compile
	@touch $@

# Where it is not built (on another machine than those it is for) checks work, slower.
$(KERNEL)/kernel.so: $(VENV)/.ready $(wildcard $(KERNEL)/*.c $(KERNEL)/*.h) $(KERNEL)/compile.py
	@echo "setup: kernel"
	@$(VENV)/bin/python -m suimon.check.kernel.compile

# Airflow, the emulator and the SAM CLI pin versions that exclude each other.
$(ENVS)/%/.ready: requirements/%.lock.txt $(VENV)/bin/uv
	@echo "setup: $*"
	@$(UV) venv -q --clear --python $(VENV)/bin/python $(ENVS)/$*
	@VIRTUAL_ENV=$(ENVS)/$* $(UV) pip install -q --no-build --require-hashes -r requirements/$*.lock.txt
	@touch $@

.PHONY: help setup demo up down quick test long check inventory differential bench-check bench-kernel bench-cold bench-hostile bench-burst dashboard fuzz mutate simulate tables states build deploy update sbom lock clean
