# make start   sets everything up and starts Perennial with a demo workspace
# make test    sets everything up and runs all tests
# make test-15 runs the tests of the database on a local PostgreSQL 15, where there is one
# make check   format, lint, types, import contracts, generated files
# make format  formats the code
# make lighthouse measures the console with Lighthouse, which it installs; prints JSON
# make torture kills processes again and again, and prints what happened

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# The fastest Python that is new enough, by a short measurement: one that was built without optimization takes up to a
# third longer for everything. make PYTHON=/path/to/python3 names another.
MEASURE := import sys, timeit; (3, 11) <= sys.version_info < (3, 15) or sys.exit(1); \
	print(min(timeit.repeat("made = {n: [n, str(n)] for n in range(500)}; sorted(n + len(s) for n, s in made.values())", \
	number=20, repeat=9)), sys.executable)
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do type -ap $$name || true; done \
	| while read -r found; do readlink -f "$$found"; done | sort -u \
	| while read -r found; do "$$found" -c '$(MEASURE)' || true; done 2>/dev/null | sort -g | cut -d' ' -f2- | head -n 1)
UV_VERSION := 0.13.9
UV := .tools/uv/bin/uv
STAMP := .venv/.synced
NPM := .venv/bin/python web/npm.py
# The Node of this machine if it is new enough for the console, else the one that PyPI has.
NODE := $(shell node -e 'const [major, minor] = process.versions.node.split(".").map(Number); \
	process.exit(major > 22 || (major === 22 && minor >= 19) ? 0 : 1)' 2>/dev/null || echo --group node)
WEB := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/generated/*') \
	docs/reference/openapi.json docs/reference/program.schema.json
PACKAGES := web/node_modules/.synced
CONSOLE := web/apps/console/dist/.built
CHECKED := web/node_modules/.cache/.checked
# One more than there are processors: a test that waits for a browser or a server leaves its own to another.
TESTERS := -n $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) --dist loadfile --max-worker-restart 1

export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE := copy
export HATCH_BUILD_NO_HOOKS := true
# What was compiled is kept: without it every process, and the tests start hundreds, compiles a second long.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup start test test-15 check check-web format lighthouse torture generate

setup: $(STAMP) $(CONSOLE)

start: $(STAMP) $(CONSOLE)
	@exec .venv/bin/perennial start

test: $(STAMP) $(CONSOLE)
	@.venv/bin/pytest $(TESTERS) $(PYTEST_OPTIONS)

test-15: $(STAMP)
	@if test -x /usr/lib/postgresql/15/bin/postgres; then \
		.venv/bin/pytest $(TESTERS) --postgres 15 tests/store tests/flows tests/house $(PYTEST_OPTIONS); \
	else echo 'There is no PostgreSQL 15 here; the tests run on the embedded one alone.'; fi

check: $(STAMP) check-web
	.venv/bin/ruff format --check
	.venv/bin/ruff check
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python -m tests.house.generated --check

check-web: $(CHECKED)

$(CHECKED): $(CONSOLE)
	@cmp --silent $(CONSOLE) $@ || $(NPM) run check
	@mkdir -p $(@D) && cp $(CONSOLE) $@

format: $(STAMP)
	.venv/bin/ruff check --fix-only
	.venv/bin/ruff format

generate: $(STAMP)
	.venv/bin/python -m tests.house.generated

lighthouse: $(STAMP) $(CONSOLE)
	@$(NPM) --prefix tools/lighthouse ci --ignore-scripts --no-audit --no-fund --silent >&2
	@.venv/bin/python -m tests.e2e.lighthouse $(LIGHTHOUSE_OPTIONS)

torture: $(STAMP)
	.venv/bin/pytest -m torture --torture --capture=no $(PYTEST_OPTIONS)

$(STAMP): pyproject.toml uv.lock $(UV)
	@$(UV) sync --python "$(PYTHON)" --all-extras --frozen --quiet $(NODE)
	@touch $@

# A rebase touches files that it does not change: what counts is what is in them.
$(PACKAGES): web/package-lock.json $(wildcard web/package.json web/*/*/package.json) | $(STAMP)
	@cmp --silent web/package-lock.json $@ || $(NPM) ci --prefer-offline --no-progress --silent
	@cp web/package-lock.json $@

$(CONSOLE): $(PACKAGES) $(WEB)
	@sum="$$(sha1sum $(sort $(WEB)) | sha1sum)"; test -f $@ && test "$$sum" = "$$(cat $@)" || { \
		$(NPM) run build --silent >.tools/console.log 2>&1 || { cat .tools/console.log >&2; exit 1; }; }; \
		echo "$$sum" >$@

$(UV):
	@test -n "$(PYTHON)" || { echo 'Perennial needs Python 3.11 or newer (on Debian: apt install python3).' >&2; exit 1; }
	@rm -rf .tools/uv
	@for python in "$(PYTHON)" python3; do rm -rf .tools/uv; \
		"$$python" -m venv .tools/uv >/dev/null 2>&1 && .tools/uv/bin/python -m pip install --quiet \
			--disable-pip-version-check uv==$(UV_VERSION) && break; \
		rm -rf .tools/uv; "$$python" -m pip install --quiet --disable-pip-version-check --target .tools/uv \
			uv==$(UV_VERSION) && break; \
		rm -rf .tools/uv; done; \
	test -x $@ || { echo 'uv could not be installed from PyPI with $(PYTHON):' \
		'it needs its venv module or pip (on Debian: apt install python3-venv).' >&2; exit 1; }
	@touch $@
