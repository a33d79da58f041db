# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx configuration of `make docs`; the pages themselves come from antsibull-docs."""

project = "lifeboat.ovirt"
copyright = "lifeboat.ovirt contributors"
extensions = ["sphinx_antsibull_ext"]
html_theme = "alabaster"
html_title = project
html_use_smartypants = False
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
nitpicky = True
# These labels stand in ansible-core's own documentation, which is not fetched.
nitpick_ignore_regex = [
    ("std:ref", "ansible_collections\\.ansible\\.builtin\\..*"),
    ("std:ref", "ansible_configuration_settings"),
    ("std:ref", "common_return_values"),
    ("std:ref", "callback_plugins"),
    ("std:envvar", "ANSIBLE_CALLBACKS_ENABLED"),
]
