"""Imports that warn of their libraries' future, done before a warning is an error."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import bot.understanding.resolver
    import bot.understanding.statements  # noqa: F401
