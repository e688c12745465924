#!/usr/bin/env bash
# Runs Replicore from this checkout, setting it up first:
#
#   bash packaging/run.sh                the Console
#   bash packaging/run.sh tour [DIR]     the main job, end to end, on real files of this machine
#   bash packaging/run.sh NOUN VERB …    any command; see: bash packaging/run.sh --help
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
bash "$root/packaging/setup.sh" run
exec "$root/.venv/bin/replicore" "$@"
