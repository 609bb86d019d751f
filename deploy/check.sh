#!/usr/bin/env bash
# The gate: everything that must hold, in the order in which it fails fastest.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=.venv/bin
export TQDM_DISABLE=1

step() { echo; echo "== $*"; }

step "format";        $bin/ruff format --check .
step "lint";          $bin/ruff check .
step "types";         $bin/mypy
step "imports";       $bin/lint-imports
step "training data (rasa data validate)"
$bin/rasa data validate --fail-on-warnings 2>&1 | grep -v -E "^(20|To enable|\s*$)" | tail -n 12
step "train";         $bin/safer-sleep train
step "dialogue model (rasa test core)"
$bin/rasa test core --model models/safer-sleep.tar.gz --stories tests/stories --fail-on-prediction-errors --out results/core 2>&1 | tail -n 6
step "tests"
# -rs: what is left out (no PostgreSQL, no Chromium) is said, with how to get it.
$bin/python -m pytest -q -rs "$@"
