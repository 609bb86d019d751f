"""``make bench``: how fast and how big, beside a bot made by ``rasa init`` in the same run.

Each bot runs in a process of its own, started cold, on this machine. What is printed is
what was measured; ``results/bench.json`` keeps it.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.evaluation.bench_http import serve_ours, serve_reference
from bot.settings import ROOT, Settings


def run_bench(config: Settings, turns: int, with_reference: bool, results: Path) -> int:
    """Measure, print, keep. Returns the exit code.

    Args:
        config: settings; a model must be trained.
        turns: how many turns to time, in conversations of ten.
        with_reference: whether to make and measure the ``rasa init`` bot too (minutes).
        results: the folder for ``bench.json``.
    """
    console = Console()
    rows: dict[str, dict[str, Any]] = {}
    with console.status("measuring the assistant"):
        rows["this assistant"] = {**_measure("ours", turns), **serve_ours(turns)}
    if with_reference:
        with tempfile.TemporaryDirectory(prefix="rasa-init-") as folder:
            with console.status("making and training the bot of `rasa init` (minutes)"):
                _make_reference(Path(folder))
            with console.status("measuring it"):
                rows["a bot of `rasa init`"] = {
                    **_measure("reference", turns, folder),
                    **serve_reference(Path(folder), turns),
                }
    _show(console, rows)
    results.mkdir(parents=True, exist_ok=True)
    (results / "bench.json").write_text(json.dumps(rows, indent=2))
    return 0


def _measure(which: str, turns: int, folder: str = "") -> dict[str, Any]:
    """Run one bot in a process of its own; it prints its figures as one JSON line."""
    command = [sys.executable, "-W", "ignore", "-m", "bot.evaluation.bench_worker", which, str(turns), folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the measurement failed:\n{done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def _make_reference(folder: Path) -> None:
    rasa = str(Path(sys.executable).with_name("rasa"))
    subprocess.run(
        [rasa, "init", "--no-prompt", "--init-dir", str(folder)],
        check=True,
        cwd=folder,
        capture_output=True,
    )
    if shutil.which(rasa) is None or not list((folder / "models").glob("*.tar.gz")):
        raise RuntimeError("`rasa init` made no model")


def _show(console: Console, rows: dict[str, dict[str, Any]]) -> None:
    table = Table(title="One machine, one run; times in milliseconds unless said otherwise")
    table.add_column("")
    for name in rows:
        table.add_column(name, justify="right")
    reference = list(rows.values())[-1]
    labels = {
        "http_first_answer_s": "first answer over HTTP after starting the server, s",
        "http_memory_mb": "resident memory of the server, MB",
        "http_p50": "a round trip over HTTP, p50",
        "p50": "a turn in the process, p50",
        "p95": "a turn in the process, p95",
        "parse_p50": "understanding alone, p50",
    }
    for key, label in labels.items():
        table.add_row(label, *[f"{row[key]:.1f}" for row in rows.values()])
    console.print(table)
    if len(rows) > 1:
        ours = rows["this assistant"]
        ratios = ", ".join(f"{key} {ours[key] / reference[key]:.2f}" for key in labels if reference[key])
        console.print(f"ratio to the reference: {ratios}")


def summary(times: list[float], parse_times: list[float]) -> dict[str, float]:
    """p50 and p95 of turns and the p50 of understanding, in milliseconds."""
    ordered = sorted(times)
    return {
        "p50": statistics.median(ordered),
        "p95": ordered[int(len(ordered) * 0.95) - 1],
        "parse_p50": statistics.median(parse_times),
        "turns": float(len(ordered)),
    }
