"""Settings, read from the environment once.

Every setting is a field of :class:`Settings`; its environment variable is the field's
name in capitals with ``SAFER_SLEEP_`` in front (``DATABASE_URL`` alone has none, because
hosting platforms set it by that name). ``docs/operating.md`` lists them all and a test
keeps the two equal.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path

from bot.errors import SettingsError
from bot.vocabulary import Nation

ROOT = Path(__file__).resolve().parent.parent
"""The project's folder."""


@dataclass(frozen=True)
class Settings:
    """What a deployment may set. Paths are absolute; durations carry their unit."""

    data_dir: Path = ROOT / "var"
    database_url: str = ""
    model: str = "models"
    host: str = "127.0.0.1"
    port: int = 8080
    action_endpoint: str = ""
    jwt_secret: str = ""
    jwt_audience: str = "safer-sleep"
    demo: bool = False
    nation: Nation = Nation.ENGLAND
    timezone: str = "Europe/London"
    pilot: bool = False
    encoder_dir: str = ""
    session_hours: int = 24
    anonymous_days: int = 30
    turn_timeout_seconds: float = 5.0
    store_timeout_seconds: float = 2.0
    log_level: str = "WARNING"

    @property
    def store_url(self) -> str:
        """The SQLAlchemy address of the record: ``DATABASE_URL`` or SQLite in ``data_dir``."""
        return self.database_url or f"sqlite:///{self.data_dir / 'safer-sleep.sqlite'}"

    @property
    def conversations_url(self) -> str:
        """Where conversations are kept between turns; a file of its own beside an SQLite record."""
        return self.database_url or f"sqlite:///{self.data_dir / 'conversations.sqlite'}"

    def secret(self) -> str:
        """The HS256 secret that signs portal tokens (at least 32 characters).

        In demo mode one is made and kept in ``data_dir``; elsewhere it must be set.

        Raises:
            SettingsError: outside demo mode when it is missing or too short.
        """
        if self.jwt_secret:
            if len(self.jwt_secret) < 32:
                raise SettingsError("SAFER_SLEEP_JWT_SECRET needs at least 32 characters")
            return self.jwt_secret
        if not self.demo:
            raise SettingsError(
                "SAFER_SLEEP_JWT_SECRET is not set. Set the secret that the host portal signs with,"
                " or SAFER_SLEEP_DEMO=1 to try the assistant on this machine"
            )
        return _demo_secret(self.data_dir / "demo-secret")


def environment_name(field: str) -> str:
    """The environment variable that sets ``field``."""
    return "DATABASE_URL" if field == "database_url" else f"SAFER_SLEEP_{field.upper()}"


def read_settings(environ: dict[str, str] | None = None) -> Settings:
    """Read every setting from ``environ`` (the process environment by default).

    Raises:
        SettingsError: naming the variable whose value cannot be used.
    """
    environ = dict(os.environ) if environ is None else environ
    values: dict[str, object] = {}
    for field in fields(Settings):
        name = environment_name(field.name)
        raw = environ.get(name)
        if raw is None or raw == "":
            continue
        try:
            values[field.name] = _parse(raw, field.default)
        except ValueError as error:
            raise SettingsError(f"{name} cannot be {raw!r}: {error}") from error
    return Settings(**values)  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once."""
    return read_settings()


def log_to_stderr(level: str | None = None) -> None:
    """Send all logging to stderr, without anybody's words. Call before Rasa is imported.

    Rasa logs a person's message at INFO and on some failures; its loggers are therefore
    kept at ERROR at the most talkative.
    """
    import structlog

    name = level or settings().log_level
    logging.basicConfig(
        stream=sys.stderr, level=name, format="%(levelname)s %(name)s: %(message)s", force=True
    )
    for quiet in ("rasa", "rasa_sdk", "sanic", "apscheduler", "matplotlib", "httpx"):
        logging.getLogger(quiet).setLevel(logging.ERROR)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )


def _parse(raw: str, default: object) -> object:
    if isinstance(default, bool):
        if raw.lower() in {"1", "true", "yes", "on"}:
            return True
        if raw.lower() in {"0", "false", "no", "off"}:
            return False
        raise ValueError("say 1 or 0")
    if isinstance(default, Nation):
        return Nation(raw)
    if isinstance(default, Path):
        return Path(raw).resolve()
    if isinstance(default, (int, float)):
        return type(default)(raw)
    return raw


def _demo_secret(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(secrets.token_hex(32))
        path.chmod(0o600)
    return path.read_text().strip()
