"""The one shape of every error, with the emergency links always on it."""

from __future__ import annotations

import logging
from typing import Any

from sanic import Request
from sanic.exceptions import SanicException
from sanic.handlers import ErrorHandler
from sanic.response import HTTPResponse, json

from bot import blocks
from bot.errors import ModelError, RequestError, SaferSleepError, StoreUnavailable, UnknownSession
from bot.guidance.emergencies import emergency_links
from bot.guidance.services import resolve
from bot.vocabulary import Nation

logger = logging.getLogger(__name__)

DANGER = "If a baby or anyone else is in danger, call {service:emergency} now."

SAID_TO_PEOPLE = {
    "bad_request": "I could not read that message.",
    "not_authorised": "This chat has ended. Start a new chat to go on.",
    "forbidden": "You are not allowed to see this.",
    "not_found": "There is nothing here.",
    "method_not_allowed": "That cannot be done here.",
    "too_large": "That message is too long for me to read. Please say it in fewer words.",
    "too_many_requests": "Messages are coming faster than I can answer. Please wait a minute.",
    "store_unavailable": "I cannot reach the saved chat just now. Please try again in a moment.",
    "not_ready": "I am still starting. Please try again in a moment.",
    "failed": "Something went wrong on our side and I cannot answer just now.",
}
"""What a person reads, by the error's code."""

_CODE_OF_STATUS = {
    400: "bad_request",
    401: "not_authorised",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    429: "too_many_requests",
}
_HEADERS = {"too_many_requests": {"Retry-After": "60"}, "not_ready": {"Retry-After": "5"}}


class OneShape(ErrorHandler):
    """Turns every exception, Sanic's own included, into the one error shape."""

    def __init__(self, nation: Nation) -> None:
        """Args: nation: whose emergency lines are shown."""
        super().__init__()
        self._nation = nation

    def response(self, request: Request, exception: Exception) -> HTTPResponse:
        """The answer to ``exception``; nothing of the request is logged."""
        status, code, message = describe(exception)
        if status >= 500:
            logger.error("a request failed: %s", _where(exception))
        headers = {**getattr(exception, "headers", {}), **_HEADERS.get(code, {})}
        return json(failure(code, message, self._nation), status, headers)


def failure(code: str, message: str, nation: Nation) -> dict[str, Any]:
    """The body of an error.

    Args:
        code: a short stable word for programs.
        message: a sentence for developers.
        nation: whose emergency lines are shown.
    """
    text = f"{SAID_TO_PEOPLE.get(code, SAID_TO_PEOPLE['failed'])} {resolve(DANGER, nation)}"
    return {
        "error": {"code": code, "message": message},
        "blocks": [blocks.error(text, emergency_links(nation), code)],
    }


def describe(exception: Exception) -> tuple[int, str, str]:
    """The status, code and message for ``exception``; none of them holds a person's words."""
    if isinstance(exception, RequestError):
        return exception.status, exception.code, str(exception)
    if isinstance(exception, UnknownSession):
        return 401, "not_authorised", "there is no such session"
    if isinstance(exception, StoreUnavailable):
        return 503, "store_unavailable", "the record cannot be reached"
    if isinstance(exception, ModelError):
        return 503, "not_ready", "the assistant is not ready"
    status = getattr(exception, "status_code", 500) if isinstance(exception, SanicException) else 500
    code = _CODE_OF_STATUS.get(status) or ("bad_request" if 400 <= status < 500 else "failed")
    return status, code, code.replace("_", " ")


def _where(exception: Exception) -> str:
    """The kind of error and the line it came from: a foreign message may hold words."""
    if isinstance(exception, SaferSleepError):
        return f"{type(exception).__name__}: {exception}"
    trace = exception.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "unknown place"
    return f"{type(exception).__name__} at {place}"
