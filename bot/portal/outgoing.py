"""What leaves: blocks without anything private, choices without their payload. Pure."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.blocks import Block
from bot.vocabulary import BlockType

ERASED = "erased"
"""The key of a block that says which sessions the turn erased."""


@dataclass(frozen=True)
class Outgoing:
    """An answer, ready to send.

    Attributes:
        blocks: what the client gets.
        choices: what each choice id stands for (``id``, ``payload``, ``label``); stays here.
        erased: sessions that were erased in this turn, whose trackers must go too.
    """

    blocks: list[Block]
    choices: list[dict[str, str]] = field(default_factory=list)
    erased: tuple[str, ...] = ()


def prepare(blocks: Iterable[Block]) -> Outgoing:
    """Take out what is private and put opaque ids where payloads were.

    A block that held nothing but ``erased`` and its type is left out.
    """
    sent: list[Block] = []
    choices: list[dict[str, str]] = []
    erased: list[str] = []
    for block in blocks:
        shown = _public(block)
        ids = shown.pop(ERASED, None)
        if ids is not None:
            erased += [str(each) for each in ids]
            if set(shown) <= {"type"}:
                continue
        if shown.get("type") == BlockType.CHOICES:
            shown["options"] = [_hidden(option, choices) for option in shown["options"]]
        sent.append(shown)
    return Outgoing(sent, choices, tuple(erased))


def find_choice(choices: Sequence[dict[str, Any]], choice_id: str) -> tuple[str, str] | None:
    """The payload and label that ``choice_id`` stands for; None where it is not one of these."""
    for choice in choices:
        if choice["id"] == choice_id:
            return str(choice["payload"]), str(choice["label"])
    return None


def _hidden(option: dict[str, Any], choices: list[dict[str, str]]) -> dict[str, Any]:
    shown = dict(option)
    payload = shown.pop("payload")
    shown["id"] = secrets.token_urlsafe(12)
    choices.append({"id": shown["id"], "payload": str(payload), "label": str(option["label"])})
    return shown


def _public(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _public(each) for name, each in value.items() if not str(name).startswith("_")}
    if isinstance(value, (list, tuple)):
        return [_public(each) for each in value]
    return value
