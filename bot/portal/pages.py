"""The page: one HTML file, one script, one style sheet, read once."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from html import escape
from pathlib import Path
from typing import Any

from sanic import Blueprint, Request
from sanic.response import HTTPResponse, empty, raw

from bot.portal.tokens import make_demo_token
from bot.settings import Settings
from bot.vocabulary import Role

STATIC = Path(__file__).with_name("static")
TOKEN_PLACE = "<!-- demo-token -->"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}

DEMO_SUBJECT, DEMO_FAMILY = "demo-parent", "demo-family"


def page_blueprint(settings: Settings) -> Blueprint:
    """``/`` and ``/static/...``; in demo mode the page carries a demo token."""
    pages = Blueprint("safer_sleep_pages")
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    files = {path.name: path for path in STATIC.iterdir() if path.suffix in TYPES}

    @pages.get("/")
    async def index(request: Request) -> HTTPResponse:
        page = html.replace(TOKEN_PLACE, _demo_token(settings) if settings.demo else "")
        # no-store: a demo token is in it
        return _file(page.encode(), "text/html; charset=utf-8", "no-store")

    @pages.get("/favicon.ico")
    async def no_icon(request: Request) -> HTTPResponse:
        return empty()

    for name, path in files.items():
        pages.add_route(_sends(path), f"/static/{name}", name=f"static_{path.stem}_{path.suffix[1:]}")
    return pages


def _sends(path: Path) -> Callable[[Request], Coroutine[Any, Any, HTTPResponse]]:
    content = path.read_bytes()

    async def send(request: Request) -> HTTPResponse:
        return _file(content, TYPES[path.suffix], "no-cache")

    return send


def _file(content: bytes, content_type: str, caching: str) -> HTTPResponse:
    return raw(content, content_type=content_type, headers={"Cache-Control": caching})


def _demo_token(settings: Settings) -> str:
    token = make_demo_token(settings, DEMO_SUBJECT, DEMO_FAMILY, Role.PARENT)
    return f'<meta name="safer-sleep-token" content="{escape(token)}">'
