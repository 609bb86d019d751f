"""The record, asked from a thread and never waited for long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

from bot.errors import StoreUnavailable

T = TypeVar("T")
THREADS = 8
REST_SECONDS = 5.0
"""How long a store that did not answer in time is left alone, so that answers stay fast."""


class Store:
    """Calls into the record, each in a thread and with a limit on the time."""

    def __init__(self, timeout_seconds: float) -> None:
        """Args: timeout_seconds: how long one call may take."""
        self._timeout = timeout_seconds
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="record")
        self._resting_until = 0.0

    async def ask(self, call: Callable[..., T], *args: Any) -> T:
        """The result of ``call(*args)``.

        Raises:
            StoreUnavailable: the store is down, too slow, or was too slow a moment ago.
            RecordError: whatever else the record raised.
        """
        if time.monotonic() < self._resting_until:
            raise StoreUnavailable("the store did not answer a moment ago")
        return await self.insist(call, *args)

    async def insist(self, call: Callable[..., T], *args: Any) -> T:
        """Like :meth:`ask`, and even when the store was too slow a moment ago."""
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._threads, partial(call, *args))
        try:
            result = await asyncio.wait_for(work, self._timeout)
        except asyncio.TimeoutError:
            self._resting_until = time.monotonic() + REST_SECONDS
            raise StoreUnavailable("the store did not answer in time") from None
        self._resting_until = 0.0
        return result

    def close(self) -> None:
        """Take no more calls; those under way end by themselves."""
        self._threads.shutdown(wait=False)
