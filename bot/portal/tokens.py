"""The host portal's tokens: who is talking, signed with the shared HS256 secret."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import jwt

from bot.clock import now
from bot.errors import NotAuthorised, RecordError
from bot.record import Claims
from bot.settings import Settings
from bot.vocabulary import Nation, Role

ALGORITHM = "HS256"
LEEWAY_SECONDS = 30
LONGEST_CLAIM = 128
"""The longest subject, family reference or contact type, in characters."""

DEMO_TOKEN_LIVES = timedelta(days=1)


def read_token(token: str, settings: Settings) -> Claims:
    """Who is talking, from a token that was checked.

    Args:
        token: a JWT signed by the host portal.
        settings: hold the secret, the audience and the default nation.

    Raises:
        NotAuthorised: the token is not signed by us, has expired, is meant for somebody
            else, or says something that is not known here. The reason is not told.
    """
    try:
        said = jwt.decode(
            token,
            settings.secret(),
            algorithms=[ALGORITHM],
            audience=settings.jwt_audience,
            leeway=LEEWAY_SECONDS,
            options={"require": ["sub", "exp", "aud"]},
        )
        return _claims(said, settings.nation)
    except (jwt.PyJWTError, RecordError, ValueError, TypeError, OverflowError, RecursionError):
        raise NotAuthorised("the token is not valid") from None


def make_demo_token(settings: Settings, subject: str, family: str | None, role: Role) -> str:
    """A token that lives for a day, for trying the assistant on one machine.

    Raises:
        NotAuthorised: outside demo mode.
    """
    if not settings.demo:
        raise NotAuthorised("tokens are made here in demo mode only")
    said: dict[str, Any] = {
        "sub": subject,
        "role": role.value,
        "nation": settings.nation.value,
        "aud": settings.jwt_audience,
        "exp": now() + DEMO_TOKEN_LIVES,
    }
    if family is not None:
        said["family"] = family
    token: str = jwt.encode(said, settings.secret(), algorithm=ALGORITHM)
    return token


def _claims(said: Mapping[str, Any], nation: Nation) -> Claims:
    subject = _text(said, "sub")
    if subject is None:
        raise ValueError("sub is missing")
    return Claims(
        subject=subject,
        role=Role(said.get("role", Role.PARENT)),
        family_reference=_text(said, "family"),
        contact_type=_text(said, "contact_type"),
        nation=Nation(said.get("nation", nation)),
    )


def _text(said: Mapping[str, Any], name: str) -> str | None:
    value = said.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_CLAIM:
        raise ValueError(f"{name} needs 1 to {LONGEST_CLAIM} characters")
    return value
