"""The web application: endpoints, page, limits, headers and the one error shape together."""

from __future__ import annotations

from sanic import Request, Sanic
from sanic.config import Config
from sanic.response import BaseHTTPResponse

from bot.portal.api import api_blueprint, health_blueprint
from bot.portal.chat import Chat
from bot.portal.failures import OneShape
from bot.portal.pages import page_blueprint

LARGEST_BODY = 16 * 1024

SERVING: dict[str, str | bool | int | float | None] = {
    "REQUEST_MAX_SIZE": LARGEST_BODY,
    "GRACEFUL_SHUTDOWN_TIMEOUT": 5.0,
    "USE_UVLOOP": False,
    "REGISTER": False,  # several in one process, as in tests, do not know of each other
    "ACCESS_LOG": False,
    "MOTD": False,
}
"""How Sanic serves; nothing of it is read from the environment."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""On every response, errors too."""


def make_app(chat: Chat) -> Sanic:
    """The portal over ``chat``; starting and stopping is the caller's (``bot.dialogue.server``)."""
    app = Sanic(
        "safer-sleep",
        error_handler=OneShape(chat.settings.nation),
        configure_logging=False,
        config=Config(defaults=SERVING, env_prefix=None),
    )
    app.blueprint(api_blueprint(chat))
    app.blueprint(health_blueprint(chat))
    app.blueprint(page_blueprint(chat.settings))
    app.register_middleware(_add_headers, "response")
    return app


async def _add_headers(request: Request, response: BaseHTTPResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
