# Every target makes .venv from the hashed lock files when it is missing or stale; nothing to set up by hand.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
TARGET ?=
target  = $(if $(TARGET),--target $(TARGET))
# A caller's PIP_* settings must not change what is installed; the lock files carry the hashes.
pip     = $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: publish plan build check serve test lint bench proof golden lock clean help
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

$(VENV)/run.stamp: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; set PYTHON=…") if sys.version_info < (3, 11) else 0'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "python3-venv is missing: apt-get install python3-venv" >&2; exit 1; }
	@test ! -L $(VENV) || { echo ".venv is a link: what it leads to would be emptied; remove the link" >&2; exit 1; }
	@echo "Setting up .venv (once; about a minute) …" >&2
	@$(PYTHON) -m venv --clear $(VENV)
	@$(pip) install --require-hashes -r requirements.lock
	@$(BIN)/python -c 'import pathlib, site, sys; d = pathlib.Path(site.getsitepackages()[0]); (d / "catalog_factory.pth").write_text(str(pathlib.Path.cwd()) + "\n")'
	@printf '#!%s\nimport sys\nfrom generator.cli import main\nsys.exit(main())\n' "$(CURDIR)/$(BIN)/python" > $(BIN)/catalog && chmod +x $(BIN)/catalog
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/run.stamp
	@echo "Adding the test tools to .venv …" >&2
	@$(pip) install --require-hashes -r requirements-dev.lock
	@touch $@

# The seeds have dependencies of their own (the SageMaker SDK, XGBoost: 1 GB); one environment serves all their tests.
$(VENV)-seeds/stamp: requirements-seeds.lock
	@echo "Setting up .venv-seeds for the tests of the seeds (once; about two minutes) …" >&2
	@$(PYTHON) -m venv --clear $(VENV)-seeds
	@$(VENV)-seeds/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements-seeds.lock
	@touch $@

# Where there is no npm or Java, the seeds' Jenkinsfiles are not linted.
.groovy-lint/stamp: tests/seeds/groovy/package-lock.json
	@mkdir -p .groovy-lint && cp tests/seeds/groovy/package.json tests/seeds/groovy/package-lock.json .groovy-lint
	@if command -v npm >/dev/null && command -v java >/dev/null; then npm ci --prefix .groovy-lint --ignore-scripts --no-audit --no-fund --silent; fi
	@touch $@

publish: $(VENV)/run.stamp ## build, lint, plan and publish (TARGET=… for another target than the default)
	@$(BIN)/catalog publish --yes $(target)

plan: $(VENV)/run.stamp ## what publishing would change
	@$(BIN)/catalog plan $(target)

build: $(VENV)/run.stamp ## templates, seeds and launch roles into build/
	@$(BIN)/catalog build $(target)

check: $(VENV)/run.stamp ## the YAML files alone, in about a second
	@$(BIN)/catalog check

serve: $(VENV)/run.stamp ## the local AWS over HTTP, for the AWS CLI and SDKs
	@$(BIN)/catalog local serve

lint: $(VENV)/dev.stamp ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

test: lint $(VENV)-seeds/stamp .groovy-lint/stamp ## everything that must hold
	@$(BIN)/python -m pytest -n 2

proof: $(VENV)/dev.stamp $(VENV)-seeds/stamp .groovy-lint/stamp ## the long sweeps in full
	@$(BIN)/python -m pytest -n 2 --proof

bench: $(VENV)/dev.stamp ## speed and memory, as ratios within one run
	@$(BIN)/python -m tests.bench

golden: $(VENV)/dev.stamp ## rewrite the golden files from the current output
	@GOLDEN=write $(BIN)/python -m pytest tests/golden

lock: $(VENV)/dev.stamp ## recompile the lock files from pyproject.toml
	@env -u PIP_FIND_LINKS PIP_CONFIG_FILE=/dev/null CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options -o requirements.lock pyproject.toml
	@env -u PIP_FIND_LINKS PIP_CONFIG_FILE=/dev/null CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml
	@env -u PIP_FIND_LINKS PIP_CONFIG_FILE=/dev/null CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options -o requirements-seeds.lock requirements-seeds.in

clean: ## build output and the local AWS's state
	@rm -rf build .catalog
