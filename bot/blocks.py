"""The typed blocks that every channel receives, and how Rasa carries them.

A block is plain JSON with a ``type`` (:class:`~bot.vocabulary.BlockType`). Actions make
blocks with the functions here; on the way through Rasa a block travels as a message whose
``custom`` is the block and whose ``text`` says the same in words, so that stock channels
(``rasa shell``) can show it too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.vocabulary import BlockType

Block = dict[str, Any]

LEVELS = {
    "non_urgent": "Non-urgent advice",
    "urgent": "Urgent advice",
    "emergency": "Immediate action required",
}
"""Care-card levels and the words that say them (NHS care cards, November 2025)."""


def paragraph(text: str, **more: Any) -> Block:
    """One short paragraph. ``more``: ``statement`` (id and version) or ``role``."""
    return {"type": BlockType.PARAGRAPH.value, "text": text, **more}


def care_card(level: str, title: str, items: Sequence[str], links: Sequence[Mapping[str, str]]) -> Block:
    """A care card: ``level`` is a key of :data:`LEVELS`; the first item is the instruction."""
    if level not in LEVELS:
        raise ValueError(f"there is no care-card level {level!r}")
    return {
        "type": BlockType.CARE_CARD.value,
        "level": level,
        "level_text": LEVELS[level],
        "title": title,
        "items": list(items),
        "links": [dict(link) for link in links],
    }


def choices(options: Sequence[tuple[str, str]], passive: bool = False) -> Block:
    """Choices as (label, payload); a passive one may be left unpressed without loss."""
    block: Block = {
        "type": BlockType.CHOICES.value,
        "options": [{"label": label, "payload": payload} for label, payload in options],
    }
    if passive:
        block["passive"] = True
    return block


def sources(items: Sequence[Mapping[str, str]]) -> Block:
    """Where advice comes from: name, year and address of each source."""
    return {"type": BlockType.SOURCES.value, "items": [dict(item) for item in items]}


def bullets(items: Sequence[str], title: str = "") -> Block:
    """A short list."""
    return {"type": BlockType.LIST.value, "title": title, "items": list(items)}


def error(text: str, links: Sequence[Mapping[str, str]], code: str) -> Block:
    """Something went wrong on our side; the emergency line is always on it."""
    return {
        "type": BlockType.ERROR.value,
        "code": code,
        "text": text,
        "links": [dict(link) for link in links],
    }


def as_text(block: Mapping[str, Any]) -> str:
    """The block in words: what a screen reader, a log or a stock channel shows."""
    kind = block["type"]
    if kind == BlockType.PARAGRAPH:
        return str(block["text"])
    if kind == BlockType.CARE_CARD:
        lines = [f"{block['level_text']}: {block['title']}", *[f"- {item}" for item in block["items"]]]
        return "\n".join(lines)
    if kind == BlockType.LIST:
        head = [block["title"]] if block.get("title") else []
        return "\n".join([*head, *[f"- {item}" for item in block["items"]]])
    if kind == BlockType.SOURCES:
        return "\n".join(
            ["Where this comes from:", *[f"- {s['name']} ({s['year']}) {s['url']}" for s in block["items"]]]
        )
    if kind == BlockType.CHOICES:
        return "\n".join(f"[{n}] {o['label']}" for n, o in enumerate(block["options"], 1))
    if kind == BlockType.ERROR:
        return str(block["text"])
    return str(block.get("text", ""))


def to_rasa(block: Block) -> dict[str, Any]:
    """Keyword arguments for rasa-sdk's ``dispatcher.utter_message``."""
    if block["type"] == BlockType.PARAGRAPH and len(block) == 2:
        return {"text": block["text"]}
    if block["type"] == BlockType.CHOICES:
        buttons = [{"title": o["label"], "payload": o["payload"]} for o in block["options"]]
        return {"text": "", "buttons": buttons, "json_message": block}
    return {"text": as_text(block), "json_message": block}


def from_rasa(message: Mapping[str, Any]) -> list[Block]:
    """The blocks in one message as Rasa's collecting channel keeps it."""
    custom = message.get("custom")
    if isinstance(custom, Mapping) and "type" in custom:
        return [dict(custom)]
    found: list[Block] = []
    if message.get("text"):
        more = custom if isinstance(custom, Mapping) else {}
        found.append(paragraph(str(message["text"]), **more))
    if message.get("buttons"):
        found.append(choices([(b["title"], b["payload"]) for b in message["buttons"]]))
    return found
