"""The page in a browser, as somebody at 3 a.m. meets it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Route, expect
from portal_harness import Portal

pytestmark = pytest.mark.browser

FRONT = "is it ok if she sleeps on her front"
SIZES = [{"width": 1100, "height": 800}, {"width": 320, "height": 640}]


def say(page: Any, text: str) -> None:
    page.get_by_label("Your message").fill(text)
    page.get_by_role("button", name="Send").click()


def problems_found_by_axe(page: Any) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {[n['html'] for n in each['nodes']]}" for each in found]


def test_it_greets_and_always_shows_999(open_page: Any) -> None:
    page = open_page()
    expect(page.locator(".message-answer").first).to_contain_text("What would you like to ask?")
    expect(page.get_by_role("link", name="call 999")).to_have_attribute("href", "tel:999")
    expect(page.locator("#live")).to_contain_text("What would you like to ask?")
    expect(page.locator("body")).to_be_focused()  # nobody took the focus


def test_an_answer_is_seen_and_heard_and_the_focus_stays(open_page: Any) -> None:
    page = open_page()
    assert page.locator("#live").get_attribute("aria-live") == "polite"
    box = page.get_by_label("Your message")
    box.fill(FRONT)
    box.press("Enter")
    expect(page.locator(".message-answer").last).to_contain_text("on her back for every sleep")
    expect(page.locator("#live")).to_contain_text("on her back for every sleep")
    expect(page.locator("#live")).to_contain_text("You can choose: Yes, Not now")
    expect(page.locator(".message-own")).to_have_text("You said:" + FRONT)
    expect(box).to_be_focused()
    expect(box).to_have_value("")


def test_a_choice_stays_readable_and_is_pressed_once(open_page: Any, portal: Portal) -> None:
    page = open_page()
    say(page, FRONT)
    yes = page.get_by_role("button", name="Yes", exact=True)
    yes.click()
    chosen = page.get_by_role("button", name="You chose: Yes")
    expect(page.locator(".message-answer").last).to_contain_text("Where will she sleep tonight?")
    expect(chosen).to_be_focused()
    for button in (chosen, page.get_by_role("button", name="Not now")):
        expect(button).to_have_attribute("aria-disabled", "true")
        button.click(force=True)
    assert portal.assistant.texts() == [FRONT, "Yes"]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(open_page: Any, size: dict[str, int], theme: str) -> None:
    page = open_page(viewport=size, color_scheme=theme, allowed=("the server responded",))
    assert problems_found_by_axe(page) == []
    say(page, FRONT)
    page.get_by_role("button", name="Yes", exact=True).click()
    for text in ("we are fine", "she feels hot", "break", "he is not breathing", "x" * 600):
        say(page, text)
    expect(page.locator(".message-answer")).to_have_count(8)
    page.get_by_text("Where this comes from", exact=True).click()
    page.get_by_label("Your message").fill("y" * 510)
    expect(page.locator("#counter")).to_have_text("10 too many: only part of your message will be read")
    assert problems_found_by_axe(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0, "nothing scrolls sideways"


@pytest.mark.parametrize("size", SIZES)
def test_an_emergency_card_says_its_level_and_comes_into_view(open_page: Any, size: dict[str, int]) -> None:
    page = open_page(viewport=size)
    for _ in range(3):
        say(page, FRONT)
    say(page, "he is not breathing")
    card = page.locator(".card-emergency")
    expect(card.get_by_role("heading")).to_have_text(
        "Immediate action required: Your baby may not be breathing"
    )
    expect(card.get_by_role("link", name=re.compile("999"))).to_have_attribute("href", "tel:999")
    expect(card.get_by_role("heading")).to_be_in_viewport(ratio=1)
    expect(card.locator(".card-first")).to_be_in_viewport(ratio=1)
    top = card.bounding_box()["y"]
    line = page.locator(".emergency-line").bounding_box()
    assert top >= line["y"] + line["height"] - 1, "the permanent line does not cover it"
    expect(page.get_by_role("button", name="Send")).to_be_enabled()


def test_a_reload_keeps_the_chat(open_page: Any, portal: Portal) -> None:
    page = open_page()
    say(page, FRONT)
    page.get_by_role("button", name="Yes", exact=True).click()
    expect(page.locator(".message-answer")).to_have_count(3)
    before = page.locator("#messages").inner_text()
    page.reload()
    expect(page.locator(".message-answer")).to_have_count(3)
    assert page.locator("#messages").inner_text() == before
    assert portal.assistant.texts() == [FRONT, "Yes"]
    say(page, "we are fine")
    expect(page.locator(".card-non-urgent")).to_be_visible()


def test_another_tab_is_another_chat(open_page: Any) -> None:
    page = open_page()
    say(page, FRONT)
    expect(page.locator(".message-own")).to_have_count(1)
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.locator(".message-answer")).to_have_count(1)
    expect(other.locator(".message-own")).to_have_count(0)


def test_a_dropped_request_is_sent_again_with_its_id(open_page: Any, portal: Portal) -> None:
    page = open_page(allowed=("Failed to load resource",))
    sent: list[Any] = []

    def drop_first(route: Route) -> None:
        sent.append(route.request.post_data_json)
        if len(sent) == 1:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/api/messages", drop_first)
    say(page, FRONT)
    expect(page.locator(".message-answer")).to_have_count(2)
    assert len(sent) == 2 and sent[0] == sent[1]
    assert portal.assistant.texts() == [FRONT]


def test_when_nothing_gets_through_it_shows_999_and_tries_again(open_page: Any, portal: Portal) -> None:
    page = open_page(allowed=("Failed to load resource",))
    ids: list[str] = []

    def drop(route: Route) -> None:
        ids.append(route.request.post_data_json["message_id"])
        route.abort("internetdisconnected")

    page.route("**/api/messages", drop)
    say(page, FRONT)
    expect(page.locator(".error")).to_contain_text("call 999")
    assert page.locator(".error a").get_attribute("href") == "tel:999"
    expect(page.locator("#live")).to_contain_text("did not get through")
    assert len(ids) == 3 and len(set(ids)) == 1
    page.unroute("**/api/messages")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".message-answer").last).to_contain_text("on her back for every sleep")
    assert portal.assistant.heard[-1][2] == ids[0]


def test_a_chat_that_ended_goes_on_in_a_new_one(open_page: Any, portal: Portal) -> None:
    page = open_page(allowed=("the server responded with a status of 401",))
    portal.record.erase(portal.assistant.heard[0][0])
    say(page, FRONT)
    expect(page.locator(".message-answer").last).to_contain_text("on her back for every sleep")


def test_only_safe_links_become_links(open_page: Any, portal: Portal) -> None:
    from bot import blocks

    bad = [
        {"label": "Press me", "href": "javascript:alert(1)"},
        {"label": "Or me", "href": "data:text/html,x"},
    ]
    portal.assistant.script["links"] = [
        blocks.care_card("urgent", "<img src=x onerror=alert(1)>", ["<b>bold</b>"], bad)
    ]
    page = open_page()
    say(page, "links")
    card = page.locator(".card-urgent")
    expect(card).to_contain_text("<b>bold</b>")
    expect(card).to_contain_text("Press me")
    assert card.locator("a, img, b").count() == 0


def test_without_javascript_there_are_three_numbers(open_page: Any) -> None:
    page = open_page(java_script_enabled=False, wait=False)
    for number in ("999", "111", "0808 802 6869"):
        expect(page.locator("noscript").get_by_role("link", name=number, exact=True)).to_be_visible()
    expect(page.locator("#composer")).to_be_hidden()
