#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Says by name which system packages are missing and fails; needs nothing but a shell itself.
set -euo pipefail

python=${PYTHON:-python3.11}
missing=0

# $1: what is missing and what for; $2: the package on Debian and Ubuntu; $3: on Fedora and Red Hat
report() {
    echo "missing: $1" >&2
    echo "    Debian, Ubuntu:  apt install $2" >&2
    echo "    Fedora, RHEL:    dnf install $3" >&2
    missing=1
}

command -v git >/dev/null || report "git (tells which files belong to the collection)" git git
command -v gcc >/dev/null || report "gcc (compiles the oVirt SDK)" gcc gcc
command -v xml2-config >/dev/null || report "the libxml2 headers (for the oVirt SDK)" libxml2-dev libxml2-devel
command -v curl-config >/dev/null || report "the libcurl headers (for pycurl)" libcurl4-openssl-dev libcurl-devel

if ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
    report "Python 3.11 as '$python' (or name one: make PYTHON=/path/to/python3.11)" python3.11 python3.11
else
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        report "the venv module of $python" python3.11-venv python3.11
    "$python" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' ||
        report "the headers of $python" python3.11-dev python3.11-devel
fi

exit "$missing"
