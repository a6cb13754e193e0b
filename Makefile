# The commands of the project; `make` alone lists them.

PORT ?= 3000
HOST ?= http://localhost:$(PORT)
DATA ?= data/sample.csv
MAX_P99_MS ?= 500
REQUESTS ?= 20000
MINUTES ?= 10
ALLOW_SYNTHETIC ?= 0
KEYS ?=

# The first Python that fits; PYTHON=/path/to/python3.12 decides otherwise.
FITS := -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p $(FITS) 2>/dev/null && echo $$p && break; done)

# uv compiles nothing: each start of a program would compile all packages anew, for seconds.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
# What is installed: a file for each section of the lock, made again when that has changed.
TRAINING := .venv/.installed-training
NOTEBOOK := .venv/.installed-notebook
EVERYTHING := .venv/.installed-dev-packages

export PIPENV_VENV_IN_PROJECT := 1
export PIPENV_IGNORE_VIRTUALENVS := 1
export PIPENV_VERBOSITY := -1
PIPENV = $(shell command -v pipenv || echo .pipenv/bin/pipenv)
# By file, so that the tests of a file share its services; those that take longest come first.
ON_TWO_CORES := --numprocesses 2 --dist loadfile --no-loadscope-reorder
# One more, since they often wait: for an image, a service that starts, a process that ends.
WAITING_OFTEN := --numprocesses 3 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help serve train notebook data test test-system test-newest test-pythons test-container fuzz check format load overload bench bench-peers soak eb-bundle release lock audit container clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

serve: $(TRAINING) ## Serve on http://localhost:3000, training on the sample first if need be
	@$(BIN)/bentoml models get credit_risk_model:latest >/dev/null 2>&1 || $(BIN)/python train.py --repeats 0
	$(BIN)/bentoml serve service.py:svc --port $(PORT)

train: $(TRAINING) ## Train and store a model; DATA=path or URL of a CSV or Parquet file
	$(BIN)/python train.py --data $(DATA)

notebook: $(NOTEBOOK) ## Open the notebooks in the browser
	$(BIN)/jupyter lab notebooks

data: $(TRAINING) ## Download the real data set to data/CreditScoring.csv
	$(BIN)/python -m credit_risk.training.data.download data/CreditScoring.csv

test: $(EVERYTHING) ## Run every test that takes no other tool and no minutes; the browser's where one is
	$(BIN)/python -m pytest $(ON_TWO_CORES) -m "not system"

test-system: $(EVERYTHING) ## Run the others: image, faults, benchmark, notebooks, releases; takes minutes
	$(BIN)/python -m pytest $(WAITING_OFTEN) -m "system or hypothesis" --hypothesis-profile thorough

test-newest: ## Test lean_bento with the newest packages that the Pipfile allows, in .venv-newest
	$(PYTHON) -m venv .venv-newest
	$(PYTHON) deploy/newest.py > .venv-newest/requirements.txt
	.venv-newest/bin/pip install --quiet --upgrade --upgrade-strategy eager \
		--requirement .venv-newest/requirements.txt
	.venv-newest/bin/pip freeze
	.venv-newest/bin/python -m pytest $(ON_TWO_CORES) -m "not system" tests/lean_bento

test-pythons: $(EVERYTHING) ## Run the same tests with Python 3.12 and 3.13, where they are installed
	$(BIN)/python deploy/pythons.py $(ON_TWO_CORES) -m "not system" $(TESTS)

container: $(TRAINING) ## Build the image with docker, podman or buildah, training on the sample if need be
	@$(BIN)/bentoml models get credit_risk_model:latest >/dev/null 2>&1 || $(BIN)/python train.py --repeats 0
	ALLOW_SYNTHETIC=$(ALLOW_SYNTHETIC) $(BIN)/python deploy/container.py

test-container: $(EVERYTHING) ## Build the image of a model of its own, run it and test it; takes minutes
	$(BIN)/python -m pytest tests/system/container

fuzz: $(EVERYTHING) ## Send REQUESTS bad requests (20000) to a service of its own and look at every answer
	FUZZ_REQUESTS=$(REQUESTS) $(BIN)/python -m pytest tests/system/fuzz -s

check: $(EVERYTHING) ## Check format, lint, types and architecture
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q --numprocesses 2 tests/test_architecture.py

format: $(EVERYTHING) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

load: $(EVERYTHING) ## Load-test HOST with 50 users for 30 s; fails on errors or above MAX_P99_MS
	@mkdir -p reports
	$(BIN)/locust --headless --users 50 --spawn-rate 10 --run-time 30s --host $(HOST) \
		--max-p99-ms $(MAX_P99_MS) --html reports/load.html --only-summary

overload: $(EVERYTHING) ## Offer HOST four times what it can take: what it answers, how soon it recovers
	$(BIN)/python -m benchmarks.overload $(HOST)

bench: $(EVERYTHING) ## Measure beside the peers: benchmarks/RESULTS.md; takes six minutes; BENCH_ARGS has options
	$(BIN)/python -m benchmarks.run $(BENCH_ARGS)

bench-peers: $(EVERYTHING) ## Give LitServe, MLServer and Ray Serve an environment each, for the next bench; downloads 2 GB
	$(BIN)/python -m benchmarks.environments

soak: $(EVERYTHING) ## Ten minutes at full load with faults injected, then 100 kills; fails on a leak or a wrong answer
	PYTHONPATH=.:tests:tests/system $(BIN)/python tests/system/faults/soak.py --minutes $(MINUTES)
	CREDIT_RISK_KILLS=100 $(BIN)/python -m pytest tests/system/faults/test_killed.py tests/credit_risk/files/test_run.py

eb-bundle: $(TRAINING) ## Zip the latest bento for Elastic Beanstalk with KEYS=keys.toml: dist/<name>-<version>.zip
	$(BIN)/python deploy/eb_bundle.py $(if $(KEYS),--keys $(KEYS))

release: $(EVERYTHING) ## Check, test and build this version into dist/; publishes nothing
	@$(BIN)/bentoml models get credit_risk_model:latest >/dev/null 2>&1 || $(BIN)/python train.py --repeats 0
	$(BIN)/python deploy/release.py

lock: $(PIPENV) ## Resolve the packages anew: Pipfile.lock and deploy/requirements
	$(PIPENV) lock
	$(PYTHON) deploy/lock.py

audit: $(EVERYTHING) ## Look up the lock's packages among known vulnerabilities, where that can be reached
	$(BIN)/python deploy/audit.py

clean: ## Remove the environment and everything that can be made again
	rm -rf .venv .venv-* .pipenv .pytest_cache .ruff_cache .mypy_cache .hypothesis reports dist
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/.installed-%: deploy/requirements/%.txt deploy/requirements/packages.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and was not found; \
	set PYTHON=/path/to/it" >&2; exit 2; }
	@$(PYTHON) deploy/environment.py $*

.pipenv/bin/pipenv:
	$(PYTHON) -m venv .pipenv
	.pipenv/bin/pip install --quiet pipenv
