"""What clients send, checked: nothing is taken that is not named here.

Role and family in particular are never read from a request; they come from the session.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import BadRequest, NotAuthorised

LONGEST_TEXT = 500
"""How many characters of a message are read."""

_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SESSION_ID = re.compile(r"[0-9a-f]{32}")
_CHOICE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class Message:
    """One message of a person: what they typed, or the choice they pressed.

    Attributes:
        message_id: the client's id; the same id is the same message.
        text: what they typed; empty when they pressed a choice.
        choice: the opaque id of the choice; None when they typed.
    """

    message_id: str
    text: str = ""
    choice: str | None = None


def read_token_request(body: bytes, authorization: str | None) -> str | None:
    """The token of a ``POST /api/session``; None for somebody anonymous.

    Raises:
        BadRequest: the body is malformed or holds anything else.
    """
    said = _object(body, {"token"}) if body.strip() else {}
    token = said.get("token")
    if token is not None and not isinstance(token, str):
        raise BadRequest("token must be a string")
    return token or _credential(authorization, "bearer")


def read_message(body: bytes, authorization: str | None) -> tuple[str, Message]:
    """The session id and message of a ``POST /api/messages``.

    Raises:
        BadRequest: the body is malformed, lacks something or holds anything else.
        NotAuthorised: there is no session id, or none that can be ours.
    """
    said = _object(body, {"session", "message_id", "text", "choice"})
    message_id = _matching(said, "message_id", _MESSAGE_ID)
    if ("text" in said) == ("choice" in said):
        raise BadRequest("send either text or choice")
    session_id = _session_id(said.get("session") or _credential(authorization, "session"))
    if "choice" in said:
        return session_id, Message(message_id, choice=_matching(said, "choice", _CHOICE_ID))
    text = said["text"]
    if not isinstance(text, str) or not text.strip():
        raise BadRequest(f"text needs 1 to {LONGEST_TEXT} characters")
    return session_id, Message(message_id, text=text)


def read_session(authorization: str | None) -> str:
    """The session id in an ``Authorization: Session <id>`` header.

    Raises:
        NotAuthorised: there is none, or none that can be ours.
    """
    return _session_id(_credential(authorization, "session"))


def read_message_id(value: str | None) -> str | None:
    """A message id from a query; None where there is none.

    Raises:
        BadRequest: it cannot be a message id.
    """
    return None if value is None else _matching({"after": value}, "after", _MESSAGE_ID)


def _object(body: bytes, allowed: set[str]) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("the body is not JSON") from None
    if not isinstance(said, dict):
        raise BadRequest("the body must be a JSON object")
    if not said.keys() <= allowed:  # unknown names may be a person's words: they are not repeated
        raise BadRequest(f"the body may hold only: {', '.join(sorted(allowed))}")
    return said


def _matching(said: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = said.get(name)
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise BadRequest(f"{name} needs 1 to 64 characters of A-Z, a-z, 0-9, _ and -")
    return value


def _session_id(value: object) -> str:
    if not isinstance(value, str) or _SESSION_ID.fullmatch(value) is None:
        raise NotAuthorised("there is no such session")
    return value


def _credential(authorization: str | None, scheme: str) -> str | None:
    said, _, credential = (authorization or "").partition(" ")
    return credential.strip() or None if said.lower() == scheme else None
