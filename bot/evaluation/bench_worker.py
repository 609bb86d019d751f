"""One measured bot in a process of its own; see ``bench.py``. Prints one JSON line."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bot.evaluation.bench import summary
from bot.evaluation.bench_http import MESSAGES, REFERENCE_MESSAGES, where_it_is_afternoon

CONVERSATION = 10


async def ours(turns: int) -> dict[str, float]:
    """Turns of the assistant with the record behind it, in conversations of ten."""
    from bot.clock import now
    from bot.dialogue.host import Assistant
    from bot.record import Claims, open_record
    from bot.settings import settings

    config = settings()
    record = open_record(config.store_url)
    record.migrate()
    assistant = await Assistant.load(config=replace(config, turn_timeout_seconds=60))
    times: list[float] = []
    parse_times: list[float] = []
    session = ""
    for number in range(turns):
        if number % CONVERSATION == 0:
            claims = Claims(f"bench-{number}", family_reference=f"bench-{number}")
            session = record.start_session(claims, now(), 24, 30).session_id
        text = MESSAGES[number % len(MESSAGES)]
        started = time.perf_counter()
        turn = await assistant.turn(session, text, f"m{number}")
        times.append((time.perf_counter() - started) * 1000)
        if turn.failed:
            raise RuntimeError("a turn failed")
    for text in MESSAGES * 10:
        started = time.perf_counter()
        await assistant.parse(text)
        parse_times.append((time.perf_counter() - started) * 1000)
    record.close()
    assistant.close()
    return summary(times[CONVERSATION:], parse_times)


async def reference(turns: int, folder: str) -> dict[str, float]:
    """Turns of the bot of ``rasa init``: DIET and TED, no record, no actions."""
    from rasa.core.agent import Agent
    from rasa.core.channels.channel import CollectingOutputChannel, UserMessage

    (model,) = sorted(Path(folder, "models").glob("*.tar.gz"))[-1:]
    agent = Agent.load(str(model))
    times: list[float] = []
    parse_times: list[float] = []
    for number in range(turns):
        text = REFERENCE_MESSAGES[number % len(REFERENCE_MESSAGES)]
        started = time.perf_counter()
        await agent.handle_message(
            UserMessage(text, CollectingOutputChannel(), f"bench-{number // CONVERSATION}")
        )
        times.append((time.perf_counter() - started) * 1000)
    for text in REFERENCE_MESSAGES * 10:
        started = time.perf_counter()
        await agent.parse_message(text)
        parse_times.append((time.perf_counter() - started) * 1000)
    return summary(times[CONVERSATION:], parse_times)


def main() -> None:
    """``bench_worker ours|reference TURNS FOLDER``."""
    which, turns, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    if which == "ours":
        os.environ["SAFER_SLEEP_TIMEZONE"] = where_it_is_afternoon()
        os.environ["SAFER_SLEEP_DATA_DIR"] = tempfile.mkdtemp(prefix="safer-sleep-bench-")
        figures = asyncio.run(ours(turns))
    else:
        figures = asyncio.run(reference(turns, folder))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
