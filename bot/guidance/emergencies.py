"""What to say when there is danger: one card a red flag, from ``red_flags.yml``.

First lines (number and act) always show. What follows them is ``background`` wording
until somebody signs it; it is shown because it holds no technique, and is marked in the
file. Needs no database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bot.errors import GuidanceError
from bot.files import read_yaml
from bot.guidance.services import resolve, service
from bot.vocabulary import Nation

RED_FLAGS_FILE = Path(__file__).with_name("red_flags.yml")
DEFAULT_FLAG = "general"


@dataclass(frozen=True)
class RedFlag:
    """One red flag's wording.

    Attributes:
        id: ``redflag.1`` to ``redflag.15``, or ``general``.
        title: what it is about, for the card's heading.
        first_line: the instruction; always the first thing said.
        then: short steps after it.
        services: names in ``services.yml`` for tappable links, the first first.
        danger: the graver flag is shown when several fire.
    """

    id: str
    title: str
    first_line: str
    then: tuple[str, ...]
    services: tuple[str, ...]
    danger: int


@lru_cache(maxsize=2)
def load_red_flags(path: Path = RED_FLAGS_FILE) -> dict[str, RedFlag]:
    """Read the red flags.

    Raises:
        GuidanceError: naming the flag and field that is wrong.
    """
    raw = read_yaml(path)
    flags = {}
    for name, entry in raw["red_flags"].items():
        try:
            flags[name] = RedFlag(
                id=name,
                title=entry["title"],
                first_line=" ".join(entry["first_line"].split()),
                then=tuple(" ".join(step.split()) for step in entry["then"]),
                services=tuple(entry["services"]),
                danger=int(entry["danger"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise GuidanceError(f"{path.name}: {name}: {error!r}") from error
    return flags


def gravest(flags: Sequence[str]) -> RedFlag:
    """The gravest of the flags that fired; the general card where none is known."""
    known = [load_red_flags()[flag] for flag in flags if flag in load_red_flags()]
    return max(known, key=lambda flag: flag.danger, default=load_red_flags()[DEFAULT_FLAG])


def links(names: Sequence[str], nation: Nation) -> list[dict[str, str]]:
    """Tappable links for services that are verified in ``nation``; others are left out."""
    found = [service(name, nation) for name in names]
    return [{"label": f"{s.title}: {s.contact}", "href": s.href} for s in found if s is not None and s.href]


def emergency_links(nation: Nation) -> list[dict[str, str]]:
    """The links on every red card and on every failure."""
    return links(("emergency", "emergency_text"), nation)


def card_lines(flag: RedFlag, nation: Nation) -> tuple[str, list[str]]:
    """The card's first line and its steps, with the numbers of ``nation`` put in."""
    return resolve(flag.first_line, nation), [resolve(step, nation) for step in flag.then]
