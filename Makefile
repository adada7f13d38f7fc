# Needs only sh, python3 (3.11 or later, with venv), make, git and coreutils: everything else is installed into .venv,
# and MinIO is built once into the cache. Variables given to make reach the programs: make up S3_PORT=9100 DATA_DIR=/tmp/d

PYTHON = python3
PY = .venv/bin/python
PIP = $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes
SOURCES = functions local tests infra
STAMPS = .venv/python .venv/desk .venv/test .venv/emulator/ready .venv/sam/ready

.PHONY: help demo up down clean test test-compose test-sam bench lint types format lock

help:
	@echo "make demo [FILE=my.mov]   convert a clip on a stack of its own; the last line is the result's path"
	@echo "make up                   run everything in the foreground, API on http://localhost:8000"
	@echo "make down | make clean    stop the stack | remove its data (DATA_DIR, default .data)"
	@echo "make lint types test      what every change must pass"
	@echo "make test-compose bench   the images in a real Docker engine | the measurements"
	@echo "make test-sam             sam deploy on a local AWS emulator"
	@echo "make lock                 pin the newest packages that pyproject.toml allows"

demo: .venv/desk
	@exec $(PY) -m local demo $${FILE:+"$$FILE"}

up: .venv/desk
	@exec $(PY) -m local up

down clean: .venv/desk
	@exec $(PY) -m local $@

test: .venv/test .venv/emulator/ready
	@exec $(PY) -m pytest tests --ignore=tests/bench --ignore=tests/compose --ignore=tests/sam

test-compose: .venv/test
	@exec $(PY) -m pytest tests/compose

test-sam: .venv/test .venv/emulator/ready .venv/sam/ready
	@exec $(PY) -m pytest tests/sam

bench: .venv/test
	@exec $(PY) -m tests.bench

lint: .venv/test .venv/sam/ready
	@$(PY) -m ruff check $(SOURCES)
	@$(PY) -m ruff format --check $(SOURCES)
	@.venv/sam/bin/cfn-lint template.yaml
	@SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 .venv/sam/bin/sam validate --lint --template template.yaml

types: .venv/test
	@$(PY) -m mypy

format: .venv/test
	@$(PY) -m ruff check --fix $(SOURCES)
	@$(PY) -m ruff format $(SOURCES)

UV = .venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q
lock: .venv/test
	@$(UV) pyproject.toml -o requirements.txt
	@$(UV) pyproject.toml --extra desk -c requirements.txt -o local/requirements.txt
	@$(UV) pyproject.toml --extra desk --extra test -c local/requirements.txt -o tests/requirements.txt
	@$(UV) tests/e2e/requirements.in -c tests/requirements.txt -o tests/e2e/requirements.txt
	@$(UV) tests/aws/emulator.in -o tests/aws/emulator.txt
	@$(UV) tests/sam/requirements.in -o tests/sam/requirements.txt

# An environment that still runs is kept and brought up to date; one whose Python has gone is made anew.
GONE := $(shell $(PY) -c "" 2>/dev/null || rm -f $(STAMPS))
.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed: make PYTHON=python3.13 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "This Python lacks venv: on Debian and Ubuntu, apt-get install python3-venv" >&2; exit 1; }
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@touch $@

.venv/desk: .venv/python local/requirements.txt
	@echo "installing the packages of local/requirements.txt into .venv"
	@$(PIP) -r local/requirements.txt
	@touch $@

.venv/test: .venv/desk tests/requirements.txt
	@echo "installing the packages of tests/requirements.txt into .venv"
	@$(PIP) -r tests/requirements.txt
	@touch $@

# The emulator and SAM's programs pin packages that ours do not get along with: each lives in an environment of its own.
.venv/emulator/ready: .venv/test tests/aws/emulator.txt
	$(call other-environment,emulator,tests/aws/emulator.txt)

.venv/sam/ready: .venv/test tests/sam/requirements.txt
	$(call other-environment,sam,tests/sam/requirements.txt)

define other-environment
	@echo "installing the packages of $(2) into .venv/$(1)"
	@.venv/bin/uv venv --quiet --allow-existing --python $(PY) .venv/$(1)
	@.venv/bin/uv pip sync --quiet --system-certs --require-hashes --python .venv/$(1)/bin/python $(2)
	@touch $@
endef
