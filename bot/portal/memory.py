"""What this process remembers of the sessions it saw, for when the store is down."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from weakref import WeakValueDictionary

from bot.record import Receipt

MOST_SESSIONS = 10_000
MOST_WAITING = 100
"""How many answers of one session wait here at most; the oldest goes first."""

MESSAGES_A_MINUTE = 30
MINUTE = 60.0


@dataclass
class Seen:
    """A session as this process knows it.

    Attributes:
        expires_at: timezone-aware UTC; from then on the session is over.
        stored: whether the record has it; a session begun while the store was down is not.
        waiting: answers that could not be stored, by message id, oldest first.
        choices: the choices in its newest answers.
        recent: when its newest messages came, on the monotonic clock.
    """

    expires_at: datetime | None
    stored: bool = True
    waiting: OrderedDict[str, Receipt] = field(default_factory=OrderedDict)
    choices: deque[list[dict[str, Any]]] = field(default_factory=lambda: deque(maxlen=20))
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=MESSAGES_A_MINUTE))

    def wait(self, receipt: Receipt) -> None:
        """Keep an answer until the store takes it."""
        self.waiting[receipt.message_id] = receipt
        while len(self.waiting) > MOST_WAITING:
            self.waiting.popitem(last=False)

    def too_fast(self) -> bool:
        """Count a message; say whether there were too many in the last minute."""
        moment = time.monotonic()
        full = len(self.recent) == MESSAGES_A_MINUTE and moment - self.recent[0] < MINUTE
        if not full:
            self.recent.append(moment)
        return full


class Memory:
    """The sessions that this process saw, the least lately used forgotten first."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, Seen] = OrderedDict()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def lock(self, session_id: str) -> asyncio.Lock:
        """The lock in which messages of one session wait for each other, in their order."""
        return self._locks.setdefault(session_id, asyncio.Lock())

    def get(self, session_id: str) -> Seen | None:
        """What is known of a session; None where this process never saw it."""
        return self._seen.get(session_id)

    def see(self, session_id: str, expires_at: datetime | None, stored: bool = True) -> Seen:
        """Note a session, or that it is still there."""
        seen = self._seen.setdefault(session_id, Seen(expires_at, stored))
        seen.expires_at = expires_at if expires_at is not None else seen.expires_at
        self._seen.move_to_end(session_id)
        while len(self._seen) > MOST_SESSIONS:
            self._seen.popitem(last=False)
        return seen

    def drop(self, session_id: str) -> None:
        """Forget a session."""
        self._seen.pop(session_id, None)
