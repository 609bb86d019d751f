"""``make shell``: talk to the assistant in the terminal, with the record behind it.

Choices are pressed by their number. Not a terminal: lines in, one JSON object a line out.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from typing import Any

from bot.blocks import as_text
from bot.clock import now
from bot.dialogue.host import Assistant, Turn
from bot.record import Claims, Record, Session, the_record
from bot.settings import Settings

HELLO = "Type a message, or the number of a choice. :new starts again, :quit ends."


def run_shell(config: Settings) -> int:
    """Talk until the person leaves. Returns the exit code."""
    return asyncio.run(_talk(config))


async def _talk(config: Settings) -> int:
    interactive = sys.stdin.isatty()
    if interactive:
        print("Loading...", file=sys.stderr, flush=True)
    record = the_record()  # the one the actions use
    record.migrate()
    assistant = await Assistant.load(config=config)
    session = _start(record, config)
    if interactive:
        print(HELLO)
        _show(await assistant.turn(session.session_id, "hello", "open", payload="/greet"))
    last: Turn | None = None
    number = 0
    while (line := _read(interactive)) is not None:
        text = line.strip()
        if text in {":quit", ":q"}:
            break
        if text == ":new":
            session, last = _start(record, config), None
            continue
        number += 1
        payload = _choice(last, text)
        last = await assistant.turn(session.session_id, text, f"shell-{number}", payload=payload)
        for block in last.blocks:
            for session_id in block.get("erased", []):
                await assistant.forget(session_id)
                session = _start(record, config)
        if interactive:
            _show(last)
        else:
            answer = {"text": text, "blocks": last.blocks, "failed": last.failed}
            print(json.dumps(answer), flush=True)
    record.close()
    return 0


def _start(record: Record, config: Settings) -> Session:
    """A session of nobody in particular: the shell never writes into a family's record."""
    claims = Claims(subject=f"shell-{uuid.uuid4().hex}", nation=config.nation)
    return record.start_session(claims, now(), config.session_hours, config.anonymous_days)


def _read(interactive: bool) -> str | None:
    try:
        if interactive:
            return input("> ")
        line = sys.stdin.readline()
        return line.rstrip("\n") if line else None
    except EOFError:
        return None
    except KeyboardInterrupt:
        print()
        return ""


def _choice(last: Turn | None, text: str) -> str | None:
    options: list[dict[str, Any]] = [
        option for block in (last.blocks if last else ()) for option in block.get("options", [])
    ]
    if text.isdigit() and 0 < int(text) <= len(options):
        return str(options[int(text) - 1]["payload"])
    return None


def _show(turn: Turn) -> None:
    for block in turn.blocks:
        print(as_text(block))
    print()
