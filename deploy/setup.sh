#!/usr/bin/env bash
# Set the project up on this machine, or say at once that it is set up.
#
#   deploy/setup.sh run     what running needs (requirements.txt)
#   deploy/setup.sh test    what testing needs as well (requirements-dev.txt)
#
# Finds uv or installs it into .tools; makes .venv with the Python of .python-version (found
# on this machine, or fetched by uv where its download is within reach); installs the locked,
# hash-checked requirements. A second run takes well under a second.
set -euo pipefail
cd "$(dirname "$0")/.."

what="${1:-run}"
case "$what" in
  run) requirements=requirements.txt ;;
  test) requirements=requirements-dev.txt ;;
  *) echo "usage: deploy/setup.sh run|test" >&2; exit 2 ;;
esac
python_version="$(cat .python-version)"
mark=".venv/.installed-$what"
wanted="$(cat "$requirements" pyproject.toml .python-version deploy/setup.sh | sha256sum | cut -d' ' -f1)"

if [ -x .venv/bin/python ] && [ -f "$mark" ] && [ "$(cat "$mark")" = "$wanted" ]; then
  exit 0
fi

say() { echo "[set-up] $*" >&2; }

find_uv() {
  # Asking for the version tells a working uv from a shim that leads nowhere.
  if uv --version >/dev/null 2>&1; then command -v uv; return; fi
  if [ -x .tools/bin/uv ]; then echo "$PWD/.tools/bin/uv"; return; fi
  return 1
}

install_uv() {
  say "uv is not here; installing it into .tools (once)"
  for python in python3 python3.10 python; do
    command -v "$python" >/dev/null 2>&1 || continue
    if "$python" -m venv .tools >/dev/null 2>&1 && .tools/bin/python -m pip install -q --require-hashes -r deploy/uv.txt; then
      return 0
    fi
    # Debian's python3 comes without venv; a target folder does as well.
    rm -rf .tools
    if "$python" -m pip install -q --target .tools --require-hashes -r deploy/uv.txt 2>/dev/null && [ -x .tools/bin/uv ]; then
      return 0
    fi
    rm -rf .tools
  done
  say "could not install uv. Install it yourself (https://docs.astral.sh/uv/) and try again."
  return 1
}

uv="$(find_uv)" || { install_uv; uv="$(find_uv)"; }

if [ ! -x .venv/bin/python ]; then
  say "making .venv with Python $python_version"
  if ! "$uv" venv -q --python "$python_version" .venv; then
    say "Python $python_version was found neither on this machine nor through uv's download."
    say "Install Python $python_version (for example with pyenv or your system's packages) and try again."
    exit 1
  fi
fi
say "installing the locked requirements ($requirements); the first time takes a few minutes"
# --no-deps: the lock is complete, and leaves out two libraries that one package declares
# and nothing here imports (pyproject.toml, tool.uv). Every file is checked by its hash.
"$uv" pip install --python .venv/bin/python --no-deps --require-hashes -r "$requirements" >&2
"$uv" pip install -q --python .venv/bin/python --no-deps --no-build-isolation -e . >&2
rm -f .venv/.installed-*
echo "$wanted" > "$mark"
# What testing needs holds all that running needs.
if [ "$what" = test ]; then
  cat requirements.txt pyproject.toml .python-version deploy/setup.sh | sha256sum | cut -d' ' -f1 > .venv/.installed-run
fi
say "ready"
