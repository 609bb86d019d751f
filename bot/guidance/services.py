"""Phone lines and services, by nation.

Wordings hold ``{service:name}``; :func:`resolve` puts in the number or address that is
right where the person is. A service that is not verified is never shown to a parent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bot.errors import GuidanceError
from bot.files import read_yaml
from bot.guidance.schema import PLACEHOLDER
from bot.vocabulary import Nation

OTHERWISE = {"gas_emergency": "emergency", "emergency_text": "emergency"}
"""Where a nation has no verified line of its own: the service to name instead."""

GENERAL_ROUTE = "a GP or GP out of hours"

SERVICES_FILE = Path(__file__).with_name("services.yml")


@dataclass(frozen=True)
class Service:
    """One phone line or service as it is in one nation.

    Attributes:
        id: its name in ``services.yml``.
        title: what to call it.
        contact: the number, text code or address to show.
        href: ``tel:``, ``sms:`` or ``https:`` link.
        purpose: what it is for, in a few words.
        always_open: ``yes``, ``no`` or ``unknown``.
    """

    id: str
    title: str
    contact: str
    href: str
    purpose: str
    always_open: str


@lru_cache(maxsize=4)
def load_services(path: Path = SERVICES_FILE) -> dict[str, dict[Nation, Service]]:
    """Read the services table.

    Raises:
        GuidanceError: naming the service and field that is wrong.
    """
    raw = read_yaml(path)
    table: dict[str, dict[Nation, Service]] = {}
    for name, entry in raw["services"].items():
        try:
            table[name] = {
                nation: Service(
                    id=name,
                    title=entry["title"],
                    contact=line["contact"],
                    href=line.get("href", ""),
                    purpose=entry["purpose"],
                    always_open=entry.get("always_open", "unknown"),
                )
                for nation in Nation
                if (line := entry["nations"].get(nation.value)) is not None
            }
        except (KeyError, TypeError, AttributeError) as error:
            raise GuidanceError(f"{path.name}: service {name}: {error!r}") from error
        if table[name] and entry.get("verified") is None:
            raise GuidanceError(f"{path.name}: service {name}: verified: say when and where")
    return table


def service(name: str, nation: Nation) -> Service | None:
    """The service in ``nation``; None where it is not verified for it."""
    return load_services().get(name, {}).get(nation)


def resolve(text: str, nation: Nation, services: Mapping[str, Mapping[Nation, Service]] | None = None) -> str:
    """Replace every ``{service:name}`` in ``text`` by its contact in ``nation``.

    Where a nation has no verified line, the general route is named instead.
    """
    table = load_services() if services is None else services

    def contact(name: str) -> str:
        found = table.get(name, {}).get(nation)
        if found:
            return found.contact
        other = OTHERWISE.get(name)
        return table[other][nation].contact if other else GENERAL_ROUTE

    return PLACEHOLDER.sub(lambda match: contact(match.group(1)), text)
