"""A component that fails must not silence the assistant.

:func:`guarded` wraps a component's ``process``: an exception is logged by its type alone
(never with the person's words) and marks the message, and the turn resolver then degrades
the turn to ``check``, which shows the emergency line.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any

from rasa.shared.nlu.training_data.message import Message

logger = logging.getLogger(__name__)

FAILED = "understanding_failed"
"""Message key: the names of the components that failed on it."""

Process = Callable[..., list[Message]]


def guarded(process: Process) -> Process:
    """Wrap ``process`` so that an exception marks the messages instead of ending the turn."""

    @functools.wraps(process)
    def safe(self: Any, messages: list[Message], *args: Any, **kwargs: Any) -> list[Message]:
        try:
            return process(self, messages, *args, **kwargs)
        except Exception as error:  # the guard's whole purpose
            name = type(self).__name__
            logger.error("%s failed on a message: %s", name, type(error).__name__)
            for message in messages:
                message.set(FAILED, [*(message.get(FAILED) or []), name])
            return messages

    return safe
