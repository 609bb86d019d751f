"""The output channel that keeps an answer's blocks in order, each once."""

from __future__ import annotations

from typing import Any

from rasa.core.channels.channel import OutputChannel

from bot.blocks import Block, from_rasa


class BlockChannel(OutputChannel):  # type: ignore[misc]
    """Collects the blocks of one turn.

    Rasa's own channels send a message's text and its ``custom`` part one after the other;
    a block travels as both, so this one takes the message whole.
    """

    def __init__(self) -> None:
        self.blocks: list[Block] = []

    @classmethod
    def name(cls) -> str:
        """The channel's name in the tracker."""
        return "saferchat"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Take one message of the answer."""
        self.blocks += from_rasa(message)
