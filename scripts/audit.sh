#!/bin/sh
# Look for weak spots in our code (bandit) and for known faults of the locked packages (pip-audit; asks PyPI's advisory service).
# B608, B310 and B704 are left to ruff, which knows them as S608, S310 and S704: each place says beside it why it is sound.
set -eu
cd "$(dirname "$0")/.."
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"${PYTHON:-python3}" -m venv "$tools"
"$tools/bin/pip" install --quiet bandit pip-audit
"$tools/bin/bandit" --quiet --recursive telemetry agent collector dashboards demo --severity-level medium --skip B608,B310,B704
echo "bandit: nothing of medium or high severity"
"$tools/bin/pip-audit" --requirement requirements/sinyal.lock --no-deps --disable-pip --strict
