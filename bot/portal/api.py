"""The HTTP endpoints: thin, each a few lines over :class:`~bot.portal.chat.Chat`."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sanic import Blueprint, Request
from sanic.response import HTTPResponse, empty, json, raw

from bot.portal import bodies
from bot.portal.chat import Answer, Chat
from bot.settings import ROOT

OPENAPI = ROOT / "docs" / "openapi.yml"


def api_blueprint(chat: Chat, prefix: str = "/api") -> Blueprint:
    """The endpoints of ``docs/openapi.yml`` under ``prefix``."""
    api = Blueprint("safer_sleep_api", url_prefix=prefix)
    description = OPENAPI.read_bytes()

    @api.post("/session")
    async def start(request: Request) -> HTTPResponse:
        token = bodies.read_token_request(request.body, request.headers.get("authorization"))
        started = await chat.start(token)
        body = {
            "session": started.session_id,
            "expires_at": _moment(started.expires_at),
            "messages": [_past(started.opening)],
        }
        return json(body)

    @api.delete("/session")
    async def delete(request: Request) -> HTTPResponse:
        await chat.delete(bodies.read_session(request.headers.get("authorization")))
        return empty()

    @api.post("/messages")
    async def answer(request: Request) -> HTTPResponse:
        session_id, message = bodies.read_message(request.body, request.headers.get("authorization"))
        return json(_answered(await chat.answer(session_id, message)))

    @api.get("/messages")
    async def history(request: Request) -> HTTPResponse:
        session_id = bodies.read_session(request.headers.get("authorization"))
        after = bodies.read_message_id(request.args.get("after"))
        return json({"messages": [_past(each) for each in await chat.history(session_id, after)]})

    @api.get("/openapi.yml")
    async def openapi(request: Request) -> HTTPResponse:
        return raw(description, content_type="application/yaml")

    return api


def health_blueprint(chat: Chat) -> Blueprint:
    """``GET /health``, for whatever watches over the server."""
    health = Blueprint("safer_sleep_health")

    @health.get("/health")
    async def show(request: Request) -> HTTPResponse:
        ready, body = await chat.health()
        return json(body, 200 if ready else 503)

    return health


def _answered(answer: Answer) -> dict[str, Any]:
    body = {"message_id": answer.message_id, "blocks": answer.blocks, "saved": answer.saved}
    return {**body, "ended": True} if answer.ended else body


def _past(answer: Answer) -> dict[str, Any]:
    return {"message_id": answer.message_id, "blocks": answer.blocks}


def _moment(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
