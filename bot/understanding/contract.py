"""The shape in which understanding is handed out: ``safer-sleep parse``, one object a line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.vocabulary import OUT_OF_SCOPE, Act, Kind, Urgency


def parsed(text: str, parse: Mapping[str, Any]) -> dict[str, Any]:
    """The public keys of Rasa's parse data for ``text``, as it was given.

    ``topics`` is never empty for a message that wants advice, and ``out_of_scope`` when
    nothing fits; ``because`` says which rule or score made a message urgent.
    """
    intent = parse.get("intent") or {}
    return {
        "text": text,
        "intent": {
            "name": intent.get("name"),
            "confidence": round(float(intent.get("confidence") or 0.0), 4),
        },
        "act": parse.get("act") or Act.OUT_OF_SCOPE.value,
        "topics": list(parse.get("topics") or [{"id": OUT_OF_SCOPE, "score": 1.0}]),
        "kind": parse.get("kind") or Kind.QUESTION.value,
        "urgency": parse.get("urgency") or Urgency.NONE.value,
        "red_flags": list(parse.get("red_flags") or []),
        "because": parse.get("because") or "",
        "entities": list(parse.get("entities") or []),
    }
