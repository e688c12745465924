#!/usr/bin/env bash
# Collects every text of the program into resources/translations/*.ts and compiles them for the program.
#
#   bash packaging/translations.sh            brings the texts of all languages up to date, and compiles
#   bash packaging/translations.sh de fr      begins languages that are not there yet
#   bash packaging/translations.sh --check    fails when a text of the source is not in a .ts file
#
# Translate with Qt Linguist: .venv/bin/pyside6-linguist resources/translations/replicore_de.ts
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
bash "$root/packaging/setup.sh" run
cd "$root"
exec "$root/.venv/bin/python" packaging/translations.py "$@"
