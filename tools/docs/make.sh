#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Renders the documentation of the installed artifact; runs in the virtual environment. A warning is an error.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
build=$(dirname "$(dirname "$here")")/build

rm -rf "$build/docs"
mkdir -p "$build/docs/rst"
ANSIBLE_COLLECTIONS_PATH=$build/installed antsibull-docs collection \
    --use-current --squash-hierarchy --fail-on-error --dest-dir "$build/docs/rst" lifeboat.ovirt
sphinx-build --quiet --fail-on-warning --keep-going -b html -c "$here" "$build/docs/rst" "$build/docs/html"
echo "build/docs/html/index.html"
