"""Servers measured from outside: start to first answer, memory, round trips over HTTP."""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from bot.settings import ROOT

MESSAGES = [
    "he falls asleep on me on the settee most evenings",
    "i would put him in the cot before i nod off, not on the sofa",
    "yes",
    "can she sleep on her tummy",
    "why",
    "we are off to a party on saturday and will both drink",
    "is it ok to have him in our bed",
    "no",
    "no",
    "what have you told me",
]
"""A conversation of ten messages, said again in a new session."""

REFERENCE_MESSAGES = ["hello", "i am sad", "are you a bot?", "great", "bye"]
PATIENCE_SECONDS = 180
Ask = Callable[[int], Any]


def serve_ours(turns: int) -> dict[str, float]:
    """``safer-sleep run`` with the record in SQLite: every answer is committed and kept."""
    port = _free_port()
    folder = tempfile.mkdtemp(prefix="safer-sleep-bench-")
    environment = {
        **os.environ,
        "SAFER_SLEEP_DEMO": "1",
        "SAFER_SLEEP_PORT": str(port),
        "SAFER_SLEEP_DATA_DIR": folder,
        "SAFER_SLEEP_TIMEZONE": where_it_is_afternoon(),
    }
    base = f"http://127.0.0.1:{port}/api"
    sessions: list[str] = []

    def ask(number: int) -> Any:
        if number % len(MESSAGES) == 0:
            sessions.append(_post(f"{base}/session", {})["session"])
        body = {"session": sessions[-1], "message_id": f"m{number}", "text": MESSAGES[number % len(MESSAGES)]}
        return _post(f"{base}/messages", body)["blocks"]

    return _serve([sys.executable, "-m", "bot.cli", "run"], ROOT, environment, ask, turns)


def serve_reference(folder: Path, turns: int) -> dict[str, float]:
    """``rasa run`` of the bot made by ``rasa init``, over its REST channel."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}/webhooks/rest/webhook"

    def ask(number: int) -> Any:
        text = REFERENCE_MESSAGES[number % len(REFERENCE_MESSAGES)]
        return _post(url, {"sender": f"bench-{number // 10}", "message": text})

    rasa = str(Path(sys.executable).with_name("rasa"))
    return _serve([rasa, "run", "-p", str(port)], folder, dict(os.environ), ask, turns)


def where_it_is_afternoon() -> str:
    """A time zone in which it is about 14:00 now: answers at night are shorter."""
    east = (14 - datetime.now(timezone.utc).hour + 12) % 24 - 12
    return f"Etc/GMT{-east:+d}"


def _serve(
    command: Sequence[str], folder: Path, environment: dict[str, str], ask: Ask, turns: int
) -> dict[str, float]:
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while True:
            try:
                if ask(0):
                    break
            except OSError:
                pass  # not listening, or not ready yet
            if process.poll() is not None or time.perf_counter() - started > PATIENCE_SECONDS:
                raise RuntimeError(f"the server did not answer: {command[0]}")
            time.sleep(0.05)
        first = time.perf_counter() - started
        times = []
        for number in range(10, 10 + turns):
            before = time.perf_counter()
            ask(number)
            times.append((time.perf_counter() - before) * 1000)
        memory = _resident_mb(process.pid)
    finally:
        process.terminate()
        process.wait(30)
    return {"http_first_answer_s": first, "http_p50": statistics.median(times), "http_memory_mb": memory}


def _post(url: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise OSError(f"HTTP {error.code}") from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
