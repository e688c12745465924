#!/usr/bin/env bash
# Makes the checkout ready to run: a Python, the system's libraries, a virtual environment in .venv.
#
#   bash packaging/setup.sh run     what the program needs          (called by run.sh)
#   bash packaging/setup.sh test    and what its tests need too     (called by test.sh)
#
# Everything is said on standard error, so that the program's own output stays clean. A second run finds its
# stamp in .venv and is done at once. REPLICORE_PYTHON names an interpreter to prefer.
set -euo pipefail

mode=${1:-run}
case $mode in
    run) extras=desktop,inside,mount ;;
    test) extras=desktop,inside,mount,test,dev ;;
    *) echo "usage: setup.sh run|test" >&2; exit 2 ;;
esac

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv
exec 1>&2

say() { printf 'replicore: %s\n' "$*"; }
die() { say "$*"; exit 1; }

# --- apt -----------------------------------------------------------------------------------------------

may_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

apt_updated=
apt_update() {
    [ -z "$apt_updated" ] || return 0
    apt_updated=yes
    say "asking the package sources what they have (apt-get update)"
    DEBIAN_FRONTEND=noninteractive apt-get update -q -o DPkg::Lock::Timeout=300 </dev/null 9<&- \
        || say "apt-get update failed; going on with what apt knows already"
}

apt_install() {
    apt_update
    say "installing: $*"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        -o DPkg::Lock::Timeout=300 "$@" </dev/null 9<&-
}

# --- Python --------------------------------------------------------------------------------------------

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }
in_range() { case $1 in 3.11 | 3.12 | 3.13) ;; *) return 1 ;; esac; }
can_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

# Sets python (in range and able to make environments) or almost (in range, but Debian split ensurepip off).
find_python() {
    local name
    python='' almost=''
    for name in ${REPLICORE_PYTHON:+"$REPLICORE_PYTHON"} python3 python3.13 python3.12 python3.11; do
        command -v "$name" >/dev/null || continue
        in_range "$(version_of "$name" || true)" || continue
        if can_venv "$name"; then
            python=$(command -v "$name")
            return 0
        fi
        almost=${almost:-$(command -v "$name")}
    done
    return 1
}

# The packages that bring a Python in range: the distribution's own python3 if it is one, else one beside it.
python_packages() {
    local own version
    own=$(apt-cache show python3 2>/dev/null | sed -n 's/^Version: \(3\.[0-9]*\).*/\1/p' | head -n 1)
    if in_range "$own"; then
        echo python3 python3-venv
        return 0
    fi
    for version in 3.13 3.12 3.11; do
        if apt-cache show "python$version-venv" >/dev/null 2>&1; then
            echo "python$version" "python$version-venv"
            return 0
        fi
    done
    return 1
}

need_python() {
    local here packages
    find_python && return 0
    if [ -n "$almost" ]; then
        packages="python$(version_of "$almost")-venv"
        if may_apt; then
            apt_install "$packages" || true
            find_python && return 0
        fi
        die "$almost cannot make virtual environments, because a part of it is a package of its own on Debian" \
            "and Ubuntu. Install it with: sudo apt-get install $packages"
    fi
    if may_apt; then
        apt_update
        if packages=$(python_packages); then
            # shellcheck disable=SC2086  # a list of words
            apt_install $packages || true
            find_python && return 0
        fi
    fi
    here=$(version_of python3 || true)
    die "Python 3.11, 3.12 or 3.13 is needed, and ${here:+only Python $here}${here:-none} was found." \
        "On Debian 12 or later and Ubuntu 24.04 or later: sudo apt-get install python3 python3-venv" \
        "(Ubuntu 22.04: python3.11 python3.11-venv). Any other installation of it serves too:" \
        "REPLICORE_PYTHON=/path/to/python3."
}

# --- the system's libraries ----------------------------------------------------------------------------

# What Qt's own wheels load from the system (left), and the Debian and Ubuntu package it comes in.
qt_libraries='
libEGL.so.1             libegl1
libGL.so.1              libgl1
libX11-xcb.so.1         libx11-xcb1
libdbus-1.so.3          libdbus-1-3
libfontconfig.so.1      libfontconfig1
libglib-2.0.so.0        libglib2.0-0
libgssapi_krb5.so.2     libgssapi-krb5-2
libwayland-client.so.0  libwayland-client0
libwayland-cursor.so.0  libwayland-cursor0
libwayland-egl.so.1     libwayland-egl1
libxcb-cursor.so.0      libxcb-cursor0
libxcb-glx.so.0         libxcb-glx0
libxcb-icccm.so.4       libxcb-icccm4
libxcb-image.so.0       libxcb-image0
libxcb-keysyms.so.1     libxcb-keysyms1
libxcb-randr.so.0       libxcb-randr0
libxcb-render.so.0      libxcb-render0
libxcb-render-util.so.0 libxcb-render-util0
libxcb-shape.so.0       libxcb-shape0
libxcb-shm.so.0         libxcb-shm0
libxcb-sync.so.1        libxcb-sync1
libxcb-util.so.1        libxcb-util1
libxcb-xfixes.so.0      libxcb-xfixes0
libxcb-xinerama.so.0    libxcb-xinerama0
libxcb-xkb.so.1         libxcb-xkb1
libxkbcommon.so.0       libxkbcommon0
libxkbcommon-x11.so.0   libxkbcommon-x11-0
'
# Programs the tests compare with or run under.
test_programs='
rsync     rsync
setfacl   acl
setfattr  attr
mcopy     mtools
mkfs.ext4 e2fsprogs
mkfs.ntfs ntfs-3g
mkfs.vfat dosfstools
mkfs.exfat exfatprogs
mkfs.btrfs btrfs-progs
mkfs.xfs  xfsprogs
sfdisk    fdisk
genisoimage genisoimage
fusermount3 fuse3
Xvfb      xvfb
strace    strace
'

# Set missing_libraries and missing_programs to the packages that are not there.
look_for_missing() {
    local known file package
    missing_libraries=() missing_programs=()
    if known=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null); then
        while read -r file package; do
            [ -z "$file" ] || [[ $known == *"$file "* ]] || missing_libraries+=("$package")
        done <<<"$qt_libraries"
    fi
    [ "$mode" = test ] || return 0
    while read -r file package; do
        [ -z "$file" ] || PATH=$PATH:/sbin:/usr/sbin command -v "$file" >/dev/null || missing_programs+=("$package")
    done <<<"$test_programs"
}

need_libraries() {
    look_for_missing
    if may_apt && [ $((${#missing_libraries[@]} + ${#missing_programs[@]})) -gt 0 ]; then
        apt_install "${missing_libraries[@]}" "${missing_programs[@]}" || say "apt-get could not install all of it."
        look_for_missing
    fi
    if [ ${#missing_libraries[@]} -gt 0 ]; then
        if [ "$mode" = test ]; then
            say "the tests of the desktop need libraries of Qt that are missing here; an administrator installs" \
                "them with: sudo apt-get install --no-install-recommends ${missing_libraries[*]}"
        else
            say "the Console's window needs libraries that are missing here (all commands work without them);" \
                "an administrator installs them with:" \
                "sudo apt-get install --no-install-recommends ${missing_libraries[*]}"
        fi
    fi
    if [ ${#missing_programs[@]} -gt 0 ]; then
        say "the tests of owners, access lists, extended attributes (rsync acl attr), of disk images and mounts" \
            "(mtools e2fsprogs ntfs-3g dosfstools exfatprogs btrfs-progs xfsprogs fdisk genisoimage fuse3) and of windows on a" \
            "real X server (xvfb) need programs that are missing here; an administrator installs them with:" \
            "sudo apt-get install --no-install-recommends ${missing_programs[*]}"
    fi
}

# --- the virtual environment ---------------------------------------------------------------------------

# Whether .venv holds a working Python in range and was made for this place (not copied or moved here).
venv_serves() {
    local made_for
    in_range "$(version_of "$venv/bin/python" || true)" || return 1
    # shellcheck disable=SC1091  # made by venv
    made_for=$(set +eu; . "$venv/bin/activate" >/dev/null 2>&1; printf %s "$VIRTUAL_ENV")
    [ "$made_for" -ef "$venv" ]
}

# What an installation depends on, in one line: change any of it and it is made anew.
key() {
    { cat "$root/pyproject.toml"; "$venv/bin/python" -VV; echo "$root $1"; } | sha256sum | cut -d ' ' -f 1
}

stamped() { [ "$(cat "$venv/.replicore-$mode" 2>/dev/null)" = "$(key "$extras")" ] && [ -x "$venv/bin/replicore" ]; }

make_venv() {
    need_python
    if [ -e "$venv" ] || [ -L "$venv" ]; then
        say "making .venv anew: it was not made here, or not with Python 3.11 to 3.13"
        rm -rf "$venv"
    fi
    say "making .venv with $python (Python $(version_of "$python"))"
    if ! "$python" -m venv "$venv"; then
        rm -rf "$venv"
        die "$python -m venv failed; the lines above say why"
    fi
}

need_venv() {
    local quiet=()
    if ! venv_serves || ! { stamped || "$venv/bin/python" -m pip --version >/dev/null 2>&1; }; then
        make_venv
    fi
    stamped && return 0
    say "installing the libraries into .venv (the first time some hundred megabytes are fetched)"
    [ -t 2 ] || quiet=(--quiet)
    rm -f "$venv"/.replicore-*
    PIP_USER=0 "$venv/bin/python" -m pip install "${quiet[@]}" --no-input --disable-pip-version-check \
        --editable "${root}[$extras]" </dev/null \
        || die "pip could not install what pyproject.toml asks for; the lines above say why. Behind a mirror," \
            "set PIP_INDEX_URL."
    key "$extras" >"$venv/.replicore-$mode"
    [ "$mode" = run ] || key desktop,inside,mount >"$venv/.replicore-run" # what the tests need includes what the program needs
}

# Two runs at once wait for each other. The lock is on this very file: nothing to create, nothing to clean up.
exec 9<"${BASH_SOURCE[0]}"
command -v flock >/dev/null && { flock -n 9 || { say "waiting for another setup of this checkout"; flock 9; }; }

need_libraries
need_venv
