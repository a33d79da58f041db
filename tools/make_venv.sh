#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# make_venv.sh FOLDER REQUIREMENTS: makes a virtual environment anew, in which the checkout is importable as a collection.
set -euo pipefail

venv=$1
requirements=$2
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
constraints=$top/requirements/constraints.txt

"$here/check_system.sh"
echo "making $venv from $requirements"
"${PYTHON:-python3.11}" -m venv --clear "$venv"

# In the environment, and not as an option, the constraints also hold for the tools that build the SDK.
PIP_CONSTRAINT=$constraints "$venv/bin/python" -m pip install \
    --quiet --no-input --disable-pip-version-check --requirement "$requirements"

unpinned=$("$venv/bin/python" -m pip freeze | grep --invert-match --line-regexp --fixed-strings --file "$requirements" --file "$constraints" || true)
if [ -n "$unpinned" ]; then
    echo "pinned neither in $requirements nor in $constraints:" "$unpinned" >&2
    exit 1
fi

mkdir -p "$venv/collections/ansible_collections/lifeboat"
ln -s "$top" "$venv/collections/ansible_collections/lifeboat/ovirt"
