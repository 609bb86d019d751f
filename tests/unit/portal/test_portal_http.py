"""Around the chat: headers, health, the page, the description and one error shape everywhere."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any

import pytest
import yaml
from portal_harness import Client, Portal, running_portal
from test_portal_messages import error_of

from bot.portal.tokens import read_token

DESCRIPTION = yaml.safe_load(Path("docs/openapi.yml").read_text(encoding="utf-8"))


def raw_request(portal: Portal, data: bytes) -> str:
    host, port = portal.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(data)
        answer = b""
        while part := connection.recv(4096):
            answer += part
    return answer.decode()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/api/nothing", 404, "not_found"),
        ("GET", "/static/../api.py", 404, "not_found"),
        ("GET", "/static/%2e%2e/api.py", 404, "not_found"),
        ("GET", "/webhooks/rest/webhook", 404, "not_found"),
        ("POST", "/model/parse", 404, "not_found"),
        ("GET", "/api/session", 405, "method_not_allowed"),
        ("PUT", "/api/messages", 405, "method_not_allowed"),
        ("POST", "/", 405, "method_not_allowed"),
    ],
)
def test_every_error_has_the_one_shape(
    portal: Portal, method: str, path: str, status: int, code: str
) -> None:
    response = portal.client().call(method, path)
    error_of(response, status, code)
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "data",
    [
        b"rubbish\r\n\r\n",
        b"GET / HTTP/1.1\r\nx: " + b"y" * 20_000 + b"\r\n\r\n",
        b"POST /api/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 99999\r\n\r\n{}",
        b"POST /api/messages HTTP/1.1\r\nhost: x\r\nexpect: miracles\r\ncontent-length: 2\r\n\r\n{}",
    ],
)
def test_even_a_broken_request_gets_the_emergency_links(portal: Portal, data: bytes) -> None:
    answer = raw_request(portal, data)
    assert answer.startswith("HTTP/1.1 4")
    assert "tel:999" in answer


@pytest.mark.parametrize(
    "path", ["/", "/static/chat.js", "/static/chat.css", "/health", "/api/openapi.yml", "/no"]
)
def test_security_headers_are_on_everything(portal: Portal, path: str) -> None:
    headers = portal.client().call("GET", path).headers
    policy = headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
                 "img-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"):  # fmt: skip
        assert part in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == ("no-cache" if "/static/" in path else "no-store")


def test_health(portal: Portal) -> None:
    response = portal.client().call("GET", "/health")
    assert response.status_code == 200
    assert response.json() == {
        "live": True,
        "ready": True,
        "model": "test-model",
        "guidance": "abc123",
        "database": True,
    }


def test_until_the_assistant_is_loaded_nothing_is_ready(portal: Portal, client: Client) -> None:
    portal.chat.assistant = None
    response = portal.client().call("GET", "/health")
    assert (response.status_code, response.json()["ready"], response.json()["live"]) == (503, False, True)
    error_of(client.post("m1", "hello"), 503, "not_ready")
    error_of(portal.client().call("POST", "/api/session"), 503, "not_ready")


def test_the_page_has_nothing_inline_and_no_token_outside_demo(portal: Portal) -> None:
    page = portal.client().call("GET", "/").text
    assert "safer-sleep-token" not in page
    assert re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page) is None
    for number in ("tel:999", "tel:111", "tel:08088026869"):
        assert number in page.partition("<noscript>")[2].partition("</noscript>")[0]
    script = portal.client().call("GET", "/static/chat.js").text
    for unsafe in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert unsafe not in script


def test_in_demo_mode_the_page_carries_a_token(tmp_path: Path) -> None:
    with running_portal(tmp_path, demo=True, jwt_secret="") as portal:
        page = portal.client().call("GET", "/").text
        found = re.search(r'<meta name="safer-sleep-token" content="([^"]+)">', page)
        assert found is not None
        assert read_token(found.group(1), portal.settings).family_reference == "demo-family"
        portal.started(found.group(1)).say("m1", "hello")


def test_nothing_that_is_said_is_logged(portal: Portal, client: Client, caplog: pytest.LogCaptureFixture,
                                        capfd: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    caplog.set_level("DEBUG")
    client.say("m1", "my name is Rumpelstiltskin")
    client.post("m2", "Rumpelstiltskin", rumpelstiltskin=1)
    client.call("GET", "/api/messages?after=Rumpelstiltskin%20")
    ours = [each.getMessage() for each in caplog.records if not each.name.startswith("urllib3")]
    output = "".join(capfd.readouterr()) + "".join(ours)
    assert "umpelstiltskin" not in output
    assert client.session not in output


# docs/openapi.yml ----------------------------------------------------------------------


def resolved(schema: Any) -> Any:
    """The schema with its references put in, as JSON Schema."""
    if isinstance(schema, list):
        return [resolved(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        found: Any = DESCRIPTION
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return resolved(found)
    return {name: resolved(value) for name, value in schema.items() if name != "discriminator"}


def check(value: Any, name: str) -> None:
    from jsonschema import Draft7Validator

    Draft7Validator(resolved(DESCRIPTION["components"]["schemas"][name])).validate(value)


def test_the_description_is_served_as_it_is(portal: Portal) -> None:
    response = portal.client().call("GET", "/api/openapi.yml")
    assert response.headers["Content-Type"] == "application/yaml"
    assert yaml.safe_load(response.text) == DESCRIPTION


def test_the_description_names_every_endpoint_and_no_other(portal: Portal) -> None:
    from bot.portal.app import make_app

    paths = DESCRIPTION["paths"]
    described = {(path, method.upper()) for path, methods in paths.items() for method in methods}
    served = {
        ("/" + route.path, method)
        for route in make_app(portal.chat).router.routes
        for method in route.methods
        if not route.path.startswith(("static/", "favicon")) and route.path
    }
    assert described == served


def test_answers_are_as_described(portal: Portal) -> None:
    from bot import blocks
    from bot.portal.failures import SAID_TO_PEOPLE

    link = {"label": "Emergency services: 999", "href": "tel:999"}
    portal.assistant.script["hello"] = [
        blocks.paragraph("Hi.", statement={"id": "alcohol.1", "version": 1}),
        blocks.care_card("emergency", "Not breathing", ["Call 999 now."], [link]),
        blocks.choices([("Yes", "/affirm")], passive=True),
        blocks.sources([{"name": "NICE", "year": "2021", "url": "https://example.org/"}]),
        blocks.bullets(["one"], "Two things"),
        blocks.error("Oh.", [link], "no_answer"),
    ]
    client = portal.client()
    check(client.start(), "SessionAnswer")
    check(client.say("m1", "hello"), "MessageAnswer")
    check(client.call("GET", "/health").json(), "Health")
    check(client.post("m1").json(), "Problem")
    problem = DESCRIPTION["components"]["schemas"]["Problem"]["properties"]["error"]
    assert set(problem["properties"]["code"]["enum"]) == set(SAID_TO_PEOPLE)
