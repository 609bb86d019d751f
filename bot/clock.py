"""The one place that asks what time it is, so that tests can say.

Times are timezone-aware UTC everywhere; only :func:`is_night` looks at the clock on
the wall of the place that is served.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timezone
from zoneinfo import ZoneInfo

UTC = timezone.utc
NIGHT_STARTS = time(22, 30)
NIGHT_ENDS = time(6, 30)

_fixed: datetime | None = None


def now() -> datetime:
    """The present moment, timezone-aware UTC (or the moment that a test fixed)."""
    return _fixed or datetime.now(UTC)


def is_night(moment: datetime, timezone_name: str) -> bool:
    """Whether ``moment`` falls in night hours (22:30 to 06:30) at the place served.

    Args:
        moment: a timezone-aware time.
        timezone_name: an IANA name, such as ``Europe/London``.
    """
    local = moment.astimezone(ZoneInfo(timezone_name)).time()
    return local >= NIGHT_STARTS or local < NIGHT_ENDS


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Fix :func:`now` at a timezone-aware ``moment`` inside the block (tests, replay)."""
    global _fixed
    if moment.tzinfo is None:
        raise ValueError("the moment needs a timezone")
    before, _fixed = _fixed, moment
    try:
        yield
    finally:
        _fixed = before
