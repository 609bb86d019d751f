"""A real Chromium on a real portal. Skipped where there is none, unless CI says there must be."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "portal"))

from portal_harness import FakeTurn, Portal, running_portal

from bot import blocks

CALL_999 = {"label": "Emergency services: 999", "href": "tel:999"}

SCRIPT: dict[str, Any] = {
    "/greet": [
        blocks.paragraph("Hello. I can help with safer sleep, at any hour. What would you like to ask?"),
        blocks.choices([("A safe place to sleep", "/ask"), ("Tonight is unusual", "/tonight")], passive=True),
    ],
    "is it ok if she sleeps on her front": [
        blocks.paragraph("Put her on her back for every sleep, day and night. It is the safest position."),
        blocks.bullets(["a firm, flat mattress", "nothing loose in the cot"], "Her own space needs"),
        blocks.sources([{"name": "Lullaby Trust", "year": "2024", "url": "https://www.lullabytrust.org.uk/"}]),
        blocks.paragraph("Shall we go through tonight together?"),
        blocks.choices([("Yes", "/affirm"), ("Not now", "/deny")]),
    ],
    "/affirm": [blocks.paragraph("Good. Where will she sleep tonight?")],
    "he is not breathing": [
        blocks.care_card(
            "emergency",
            "Your baby may not be breathing",
            ["Call 999 now.", "Put the phone on speaker.", "They will tell you what to do."],
            [CALL_999, {"label": "Emergency services by Relay UK: 18000", "href": "tel:18000"}],
        )
    ],
    "she feels hot": [
        blocks.care_card(
            "urgent", "Call 111 now if:", ["she is under 3 months and feels hot"],
            [{"label": "NHS 111: 111", "href": "tel:111"}],
        )
    ],
    "we are fine": [
        blocks.care_card("non_urgent", "See a health visitor if:", ["you would like to talk it over"], [])
    ],
    "break": FakeTurn(
        (blocks.error("Something went wrong. If in danger, call 999 now.", [CALL_999], "no_answer"),),
        failed=True,
    ),
}  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: drives a real Chromium")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, found on this machine or as Playwright's own."""
    from playwright.sync_api import Error, sync_playwright

    found = shutil.which("chromium") or shutil.which("google-chrome")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        try:
            chromium = playwright.chromium.launch(executable_path=found, args=arguments)
        except Error as error:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(f"no Chromium (install Debian's, or run playwright install chromium): {error.name}")
        yield chromium
        chromium.close()


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    """A demo portal whose assistant knows a few sentences."""
    with running_portal(tmp_path, dict(SCRIPT), demo=True) as running:
        yield running


@pytest.fixture
def open_page(browser: Any, portal: Portal) -> Iterator[Any]:
    """Opens the page; afterwards its console must be clean."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def opened(allowed: tuple[str, ...] = (), wait: bool = True, **more: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1100, "height": 800}, **more})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8000)

        def complain(text: str) -> None:
            if not any(each in text for each in allowed):
                complaints.append(text)

        page.on("console", lambda said: complain(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complain(str(error)))
        page.goto(portal.address + "/")
        if wait:
            page.locator(".message-answer").first.wait_for()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
