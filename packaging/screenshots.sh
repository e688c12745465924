#!/usr/bin/env bash
# Makes pictures of every page and every step of every wizard, to be looked at.
#
#   bash packaging/screenshots.sh [DIRECTORY] [--world NAME] [--size WxH] [--look light|dark] [--only PART]
#
# Without options: the worlds empty, many-machines and sealed, 1280x800 and 2560x1440, light and dark. --only takes a part
# of a picture's name ("points", "replication-machines"). Nothing is shown on a screen.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
bash "$root/packaging/setup.sh" run
cd "$root"
export QT_QPA_PLATFORM=offscreen
exec "$root/.venv/bin/python" packaging/screenshots.py "$@"
