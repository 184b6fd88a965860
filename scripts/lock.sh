#!/bin/sh
# Write requirements/sinyal.lock anew: one set of versions that fits Python 3.11 to 3.13 on every machine.
# No hashes: Raspberry Pi OS builds its own wheels. Further arguments go to uv, e.g. --upgrade-package pydantic.
set -eu
cd "$(dirname "$0")/.."
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"${PYTHON:-python3}" -m venv "$tools"
"$tools/bin/pip" install --quiet uv
"$tools/bin/uv" pip compile --quiet --universal --python-version 3.11 --extra dev --no-annotate \
    --custom-compile-command "make lock" pyproject.toml --output-file requirements/sinyal.lock "$@" >/dev/null
echo "requirements/sinyal.lock: $(grep -c == requirements/sinyal.lock) packages"
