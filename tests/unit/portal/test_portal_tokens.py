"""Tokens of the host portal: only its own, only for us, only while they last."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from portal_harness import SECRET

from bot.errors import NotAuthorised, SettingsError
from bot.portal.tokens import make_demo_token, read_token
from bot.record import Claims
from bot.settings import Settings
from bot.vocabulary import Nation, Role

SETTINGS = Settings(jwt_secret=SECRET)


def token(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    said = {"sub": "carer-1", "aud": "safer-sleep", "exp": int(time.time()) + 60, **claims}
    return jwt.encode({k: v for k, v in said.items() if v is not None}, secret, algorithm=algorithm)


def unsigned(**header: Any) -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    said = {"sub": "carer-1", "aud": "safer-sleep", "exp": int(time.time()) + 60}
    return f"{part({'typ': 'JWT', **header})}.{part(said)}."


def test_reads_every_claim() -> None:
    said = token(role="health_visitor", family="family-7", contact_type="new_birth", nation="wales")
    assert read_token(said, SETTINGS) == Claims(
        "carer-1", Role.HEALTH_VISITOR, "family-7", "new_birth", Nation.WALES
    )


def test_a_bare_token_is_a_parent_in_the_nation_of_the_deployment() -> None:
    settings = Settings(jwt_secret=SECRET, nation=Nation.SCOTLAND)
    assert read_token(token(), settings) == Claims("carer-1", nation=Nation.SCOTLAND)


def test_a_clock_may_be_thirty_seconds_wrong() -> None:
    assert read_token(token(exp=int(time.time()) - 20), SETTINGS).subject == "carer-1"


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(token(exp=int(time.time()) - 60), id="expired"),
        pytest.param(token(exp=None), id="never expires"),
        pytest.param(token(exp=float("inf")), id="infinite expiry"),
        pytest.param(token(aud="another-service"), id="wrong audience"),
        pytest.param(token(aud=None), id="no audience"),
        pytest.param(token(secret="another-secret-that-is-long-enough-too"), id="wrong secret"),
        pytest.param(token(secret=SECRET * 2, algorithm="HS512"), id="another secret and algorithm"),
        pytest.param(token(secret=SECRET * 2, algorithm="HS384"), id="another algorithm"),
        pytest.param(unsigned(alg="none"), id="none"),
        pytest.param(unsigned(alg="None"), id="None"),
        pytest.param(unsigned(), id="no algorithm"),
        pytest.param(token(sub=None), id="no subject"),
        pytest.param(token(sub=""), id="empty subject"),
        pytest.param(token(sub="x" * 129), id="long subject"),
        pytest.param(token(sub="a\0b"), id="NUL in the subject"),
        pytest.param(token(role="queen"), id="unknown role"),
        pytest.param(token(role=["parent"]), id="role of another type"),
        pytest.param(token(family=7), id="family of another type"),
        pytest.param(token(family=""), id="empty family"),
        pytest.param(token(nation="france"), id="unknown nation"),
        pytest.param("", id="empty"),
        pytest.param("a.b.c", id="rubbish"),
        pytest.param("ü.ü.ü", id="not even ASCII"),
    ],
)
def test_refuses_a_token_that_is(bad: str) -> None:
    with pytest.raises(NotAuthorised, match="the token is not valid"):
        read_token(bad, SETTINGS)


def test_a_demo_token_is_read_like_any_other(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, demo=True)
    made = make_demo_token(settings, "demo-parent", "demo-family", Role.PARENT)
    assert read_token(made, settings) == Claims("demo-parent", Role.PARENT, "demo-family")
    with pytest.raises(NotAuthorised):
        read_token(made, SETTINGS)


def test_outside_demo_mode_no_token_is_made() -> None:
    with pytest.raises(NotAuthorised):
        make_demo_token(SETTINGS, "demo-parent", None, Role.PARENT)


def test_without_demo_and_secret_nothing_is_read() -> None:
    with pytest.raises(SettingsError):
        read_token(token(), Settings())
