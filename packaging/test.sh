#!/usr/bin/env bash
# Proves this checkout, setting it up first; stops at the first step that fails and says which.
#
#   bash packaging/test.sh [ARGUMENTS]             format, lint, types, walls, tests
#   bash packaging/test.sh --coverage [ARGUMENTS]  and which lines the tests reach, for over half as much time again
#   bash packaging/test.sh --slow [ARGUMENTS]      the slow proofs instead
#   bash packaging/test.sh --audit                 known vulnerabilities in the libraries used (asks the network)
#
# ARGUMENTS go to pytest:  bash packaging/test.sh -k chains   bash packaging/test.sh tests/domain
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"

what=all
coverage=() also=() silent=()
case ${1:-} in
    --coverage) coverage=(--cov=console) also=(--cov-append) silent=(--cov-report=); shift ;;
    --slow) what=slow; shift ;;
    --audit) what=audit; shift ;;
    --help) sed -n 's/^# \{0,1\}//p' "${BASH_SOURCE[0]}" | tail -n +2; exit 0 ;;
esac

bash packaging/setup.sh test
python=$root/.venv/bin/python
export QT_QPA_PLATFORM=${QT_QPA_PLATFORM:-offscreen} # windows are drawn, but on no screen
unset PYTHONDONTWRITEBYTECODE # or each of the many processes that tests start would compile the program anew

step() { # NAME COMMAND…
    local name=$1 status=0
    shift
    printf '\n== %s\n' "$name"
    "$@" || status=$?
    [ $status = 0 ] && return 0
    printf '\nFAILED: %s (exit %d)\n' "$name" "$status" >&2
    exit "$status"
}

case $what in
    all)
        step "format (ruff format --check)" "$python" -m ruff format --check .
        step "lint (ruff check)" "$python" -m ruff check .
        step "types (mypy)" "$python" -m mypy
        step "walls (lint-imports)" .venv/bin/lint-imports --no-logo
        # One process more than there are processors: tests wait for Cores and files of their own.
        tests=("$python" -m pytest -q -n "$(($(getconf _NPROCESSORS_ONLN) + 1))" --dist worksteal "${coverage[@]}")
        if [ $# -gt 0 ]; then
            step "tests (pytest)" "${tests[@]}" "$@"
        else
            # Not in one process: a thread of an engine that collects what is left of a window brings it all down.
            step "tests of windows (pytest)" "${tests[@]}" "${silent[@]}" tests/desktop
            step "tests (pytest)" "${tests[@]}" "${also[@]}" --ignore=tests/desktop
        fi
        ;;
    slow) step "slow proofs (pytest -m slow)" "$python" -m pytest -q -m slow "$@" ;;
    audit) step "known vulnerabilities (pip-audit)" \
        "$python" -m pip_audit --local --skip-editable --progress-spinner off "$@" ;;
esac
