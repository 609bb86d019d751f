"""``make evaluate``: how well messages nobody trained on are understood.

The messages (``tests/evaluation``) were written without sight of the training data and
are never moved into it.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from bot.guidance.library import load_library
from bot.settings import ROOT, Settings
from bot.vocabulary import CHITCHAT, Act, Urgency

FOLDER = ROOT / "tests" / "evaluation"
TURNED_AWAY = {Act.OUT_OF_SCOPE.value, "nlu_fallback"}


@dataclass(frozen=True)
class TopicFigures:
    """Figures over messages whose topics are all in the guidance library.

    Attributes:
        messages: how many there are.
        hit: share whose first topic found is one of the true ones.
        primary_hit: share whose first topic found is the first true one.
        recall: share of true topics found.
        precision: share of found topics (of the library) that are true.
        turned_away: share that got "out of scope" or "what did you mean".
        kind: share of all in-scope messages with the right kind.
        out_of_scope_recall: share of out-of-scope messages that were turned away.
    """

    messages: int
    hit: float
    primary_hit: float
    recall: float
    precision: float
    turned_away: float
    kind: float
    out_of_scope_recall: float


def run_evaluation(config: Settings, results: Path) -> int:
    """Parse every message, print the figures, keep them in ``results``. Returns the exit code."""
    console = Console()
    messages, safety = read_rows("messages"), read_rows("safety")
    parses = asyncio.run(_parse_all([row["text"] for row in [*messages, *safety]], config))
    figures = topic_figures(messages, parses[: len(messages)], set(load_library().topics))
    groups = safety_groups(safety, parses[len(messages) :])
    _show(console, figures, groups)
    results.mkdir(parents=True, exist_ok=True)
    content = {"topics": asdict(figures), "safety": groups}
    (results / "understanding.json").write_text(json.dumps(content, indent=2))
    return 0


def read_rows(name: str) -> list[dict[str, Any]]:
    """The labelled messages of one file."""
    lines = (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def topic_figures(
    rows: Sequence[dict[str, Any]], parses: Sequence[dict[str, Any]], library: set[str]
) -> TopicFigures:
    """The figures above, from labelled rows and what was understood of each."""
    covered, in_scope, outside = [], [], []
    for row, parse in zip(rows, parses):
        if not row["in_scope"]:
            outside.append(parse)
        elif row["topics"][0] != CHITCHAT:
            in_scope.append((row, parse))
            if set(row["topics"]) <= library:
                covered.append((row, parse))
    found = [[topic["id"] for topic in parse.get("topics", [])] for _, parse in covered]
    true = [row["topics"] for row, _ in covered]
    right = sum(len(set(f) & set(t)) for f, t in zip(found, true))
    return TopicFigures(
        messages=len(covered),
        hit=_share(bool(f) and f[0] in t for f, t in zip(found, true)),
        primary_hit=_share(bool(f) and f[0] == t[0] for f, t in zip(found, true)),
        recall=right / max(1, sum(map(len, true))),
        precision=right / max(1, sum(len(set(f) & library) for f in found)),
        turned_away=_share(parse["intent"]["name"] in TURNED_AWAY for _, parse in covered),
        kind=_share(parse["kind"] == row["kind"] for row, parse in in_scope),
        out_of_scope_recall=_share(parse["intent"]["name"] in TURNED_AWAY for parse in outside),
    )


def safety_groups(
    rows: Sequence[dict[str, Any]], parses: Sequence[dict[str, Any]]
) -> dict[str, dict[str, float]]:
    """For each group of the safety messages, the share shown as each urgency."""
    counts: dict[str, Counter[str]] = {}
    for row, parse in zip(rows, parses):
        counts.setdefault(row["group"], Counter())[parse["urgency"]] += 1
    return {
        group: {str(u): count[u.value] / sum(count.values()) for u in Urgency}
        for group, count in counts.items()
    }


async def _parse_all(texts: Sequence[str], config: Settings) -> list[dict[str, Any]]:
    from bot.dialogue.host import Assistant

    assistant = await Assistant.load(config=config)
    return [await assistant.parse(text) for text in track(texts, description="understanding")]


def _share(truths: Iterable[bool]) -> float:
    values = list(truths)
    return sum(values) / max(1, len(values))


def _show(console: Console, figures: TopicFigures, groups: dict[str, dict[str, float]]) -> None:
    table = Table(title="Messages nobody trained on")
    table.add_column("")
    table.add_column("", justify="right")
    for name, value in asdict(figures).items():
        table.add_row(name.replace("_", " "), str(value) if name == "messages" else f"{value:.3f}")
    console.print(table)
    shown = Table(title="Urgency shown, by what the message is")
    shown.add_column("")
    for urgency in Urgency:
        shown.add_column(urgency.value, justify="right")
    for group, shares in groups.items():
        shown.add_row(group, *[f"{shares[u.value]:.3f}" for u in Urgency])
    console.print(shown)
