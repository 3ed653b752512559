# Every target works alone on a fresh clone: it needs Python >= 3.10 and Node >= 20, and makes the rest.
#
#   make demo     JupyterLab on the first lesson           PORT=8890  BROWSER=none  TORCH_INDEX=<url of a torch index>
#   make lessons  dist/lessons/: each lesson, run, as one HTML file to hand out
#   make test     lint, types, unit, js, e2e, wheel, in this order
#   make trust    the scorecard's tests with the counts that it claims; writes what they measured into docs/scorecard.md
#   make bench    what recording costs; never part of the tests
#   make build    dist/: the sdist, the wheel, the bill of materials of an installation
#   make audit    what is known against the versions that are used; it fails too where nobody answers
#   make pins     tests/constraints.txt anew from pyproject.toml    PINS=--upgrade
#   make clean    removes everything that make made

PYTHON ?= python3
PORT ?=
BROWSER ?=
PINS ?=
TORCH_INDEX ?=

BIN := .venv/bin
# Of what is installed a small part is ever imported, and compiled then.
PIP := $(BIN)/python -m pip install --no-compile --constraint tests/constraints.txt
NPM := npm --prefix js
KERNELS := 6.31.0 7.3.0
LESSON := notebooks/en/01_watch_an_lstm_learn.ipynb

export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1
export NLTK_DATA ?= $(CURDIR)/.cache/nltk_data

.PHONY: demo lessons test lint types unit js e2e wheel trust bench build audit pins clean bundle chromium corpus kernels

demo: .venv/.stamp-demo bundle
	$(BIN)/jupyter lab --ServerApp.root_dir='$(CURDIR)' --LabApp.default_url=/lab/tree/$(LESSON) \
	    $(if $(PORT),--port=$(PORT)) $(if $(filter none,$(BROWSER)),--no-browser) $(if $(filter 0,$(shell id -u)),--allow-root)

lessons: .venv/.stamp-dev bundle
	$(BIN)/python notebooks/handout.py dist/lessons

# One after the other, whatever -j says, so that the first failure is the last line.
test:
	@for stage in lint types unit js e2e wheel; do \
	    printf '\n== %s ==\n' $$stage; $(MAKE) --no-print-directory $$stage || exit 1; \
	done

lint: .venv/.stamp-dev js/node_modules/.package-lock.json
	$(BIN)/ruff check
	$(BIN)/ruff format --check rnnwidgets tests js
	$(NPM) run lint

types: .venv/.stamp-dev js/node_modules/.package-lock.json
	$(BIN)/mypy
	$(NPM) run types

unit: .venv/.stamp-dev bundle chromium corpus
	$(BIN)/pytest tests --ignore=tests/e2e --ignore=tests/wheel -m 'not costs' --numprocesses 2 --dist worksteal
	$(BIN)/pytest tests/scorecard -m costs

js: js/node_modules/.package-lock.json chromium
	RNNWIDGETS_CHROMIUM="$$($(BIN)/python tests/chromium.py)" $(NPM) test

e2e: .venv/.stamp-dev bundle chromium corpus kernels
	RNNWIDGETS_CHROMIUM="$$($(BIN)/python tests/chromium.py)" $(BIN)/pytest tests/e2e --numprocesses 2 --dist loadfile

wheel: .venv/.stamp-dev bundle
	$(BIN)/pytest tests/wheel

trust: .venv/.stamp-dev bundle chromium corpus kernels
	RNNWIDGETS_TRUST=1 $(BIN)/pytest tests/scorecard -m 'not costs' --numprocesses 2 --dist worksteal
	RNNWIDGETS_TRUST=1 $(BIN)/pytest tests/scorecard -m costs
	RNNWIDGETS_TRUST=1 RNNWIDGETS_CHROMIUM="$$($(BIN)/python tests/chromium.py)" $(BIN)/pytest tests/e2e/scorecard
	RNNWIDGETS_TRUST=1 $(BIN)/pytest tests/unit/test_scorecard.py

bench: .venv/.stamp-dev bundle
	@for script in tests/bench/*.py; do echo "$$script"; $(BIN)/python "$$script" || exit 1; done

build: .venv/.stamp-dev bundle
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist
	$(BIN)/python tests/wheel/bill.py dist

audit: .venv/.stamp-dev js/node_modules/.package-lock.json
	@failed=0; \
	    $(BIN)/pip-audit --strict --no-deps --disable-pip --requirement tests/constraints.txt || failed=1; \
	    $(NPM) audit || failed=1; \
	    exit $$failed

pins: .venv/.stamp-dev
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.10 --no-python-downloads \
	    --no-annotate --custom-compile-command 'make pins' --output-file tests/constraints.txt --quiet $(PINS)

clean:
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis dist rnnwidgets/static js/node_modules
	find rnnwidgets js tests -name __pycache__ -prune -exec rm -rf {} +

bundle: .venv/.stamp-torch
	$(BIN)/python js/hatch_build.py

corpus: .venv/.stamp-dev
	@mkdir -p .cache/nltk_data
	@$(BIN)/python -c "import nltk; nltk.corpus.brown.ensure_loaded()" 2>/dev/null || $(BIN)/python -c \
	    "import nltk; nltk.download('brown', quiet=True, raise_on_error=True)"

chromium: .venv/.stamp-dev
	@$(BIN)/python tests/chromium.py || \
	    { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -yqq chromium && $(BIN)/python tests/chromium.py; } || \
	    { $(BIN)/playwright install chromium && $(BIN)/python tests/chromium.py; }

# Earlier kernels, beside the one that is installed: what they do while a cell runs differs. And a Notebook 6.
kernels: $(KERNELS:%=.cache/ipykernel/%) .cache/notebook6

.cache/ipykernel/%: | .venv/.stamp-dev
	$(BIN)/python -m pip install --quiet --no-deps --target $@.part ipykernel==$* nest-asyncio==1.6.0
	mv $@.part $@

# An environment of its own, in front of this one: what it lacks it takes from here.
.cache/notebook6: tests/e2e/notebook6.txt | .venv/.stamp-dev
	rm -rf $@ $@.part
	$(BIN)/python -m venv --without-pip $@.part
	$(BIN)/python -m pip --python $@.part/bin/python install --quiet --no-deps --requirement $<
	echo "import site; site.addsitedir('$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')')" \
	    > "$$($@.part/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/behind.pth"
	mv $@.part $@

js/node_modules/.package-lock.json: js/package-lock.json
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { echo 'rnnwidgets needs Node 20 or newer'; exit 1; }
	cd js && npm ci --no-audit --no-fund
	touch $@

.venv/.stamp-torch: tests/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "rnnwidgets needs Python 3.10 or newer: make PYTHON=python3.x")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) $(if $(TORCH_INDEX),--no-deps --index-url $(TORCH_INDEX)) torch
	$(PIP) 'hatchling>=1.28'
	touch $@

# Built by the hatchling of this environment, whose version is known; the bundle is made by the target of that name.
.venv/.stamp-demo .venv/.stamp-dev: .venv/.stamp-torch pyproject.toml js/package.json js/hatch_build.py

.venv/.stamp-demo:
	RNNWIDGETS_SKIP_JS=1 $(PIP) --no-build-isolation --editable '.[all]'
	touch $@

.venv/.stamp-dev:
	RNNWIDGETS_SKIP_JS=1 $(PIP) --no-build-isolation --editable '.[all,dev]'
	touch $@
