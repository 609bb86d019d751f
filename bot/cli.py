"""``safer-sleep <verb>``: everything a person runs.

Each verb imports what it needs when it runs, so that ``--help`` is instant and logging is
quiet before Rasa is loaded.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import logging
import sys
import time
from pathlib import Path

from bot.errors import SaferSleepError
from bot.settings import log_to_stderr, settings


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; returns the exit code (0 fine, 1 an error of ours, 2 wrong usage)."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    # Old libraries that Rasa pins warn of their own future; people who run us cannot act on it.
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").setLevel(logging.ERROR)
    try:
        log_to_stderr()
        return int(chosen.run(chosen) or 0)
    except SaferSleepError as error:
        print(f"safer-sleep: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="safer-sleep", description="The Safer Sleep Assistant")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    train = verbs.add_parser("train", help="train the model, if anything it is made of has changed")
    train.add_argument("--force", action="store_true", help="train even if nothing has changed")
    train.set_defaults(run=_train)

    run = verbs.add_parser("run", help="serve the assistant")
    run.set_defaults(run=_run)

    shell = verbs.add_parser("shell", help="talk to the assistant in the terminal")
    shell.set_defaults(run=_shell)

    parse = verbs.add_parser("parse", help="read messages on stdin, write what is understood as JSON lines")
    parse.set_defaults(run=_parse)

    migrate = verbs.add_parser("migrate", help="bring the record's database up to date")
    migrate.set_defaults(run=_migrate)

    token = verbs.add_parser("token", help="make a demo token (demo mode only)")
    token.add_argument("--subject", default="demo-parent")
    token.add_argument("--family", default="DEMO-1")
    token.add_argument("--role", default="parent")
    token.set_defaults(run=_token)

    evaluate = verbs.add_parser("evaluate", help="how well held-out messages are understood")
    evaluate.set_defaults(run=_evaluate)

    bench = verbs.add_parser("bench", help="measure start, memory and a turn, beside a bot of `rasa init`")
    bench.add_argument("--turns", type=int, default=200)
    bench.add_argument("--without-reference", action="store_true", help="leave the reference bot out")
    bench.set_defaults(run=_bench)
    return parser


def _train(chosen: argparse.Namespace) -> int:
    from bot.dialogue.training import train_if_stale

    print("Looking at the model...", flush=True)
    started = time.perf_counter()
    trained = train_if_stale(settings(), force=chosen.force)
    spent = time.perf_counter() - started
    print(f"Trained in {spent:.0f} s." if trained else "The model is up to date.", flush=True)
    return 0


def _run(_: argparse.Namespace) -> int:
    from bot.dialogue.server import run_server

    run_server(settings())
    return 0


def _shell(_: argparse.Namespace) -> int:
    from bot.shell.terminal import run_shell

    _read_any_bytes()
    return run_shell(settings())


def _parse(_: argparse.Namespace) -> int:
    from bot.understanding.contract import parsed

    async def each_line() -> None:
        from bot.dialogue.host import Assistant

        assistant = await Assistant.load()
        for line in sys.stdin:
            text = line.rstrip("\n")
            sys.stdout.write(json.dumps(parsed(text, await assistant.parse(text))) + "\n")
            sys.stdout.flush()

    _read_any_bytes()
    asyncio.run(each_line())
    return 0


def _read_any_bytes() -> None:
    """Standard input as UTF-8 whatever the locale; bytes that are none do not end a run."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")


def _migrate(_: argparse.Namespace) -> int:
    from bot.record import open_record

    config = settings()
    config.data_dir.mkdir(parents=True, exist_ok=True)
    record = open_record(config.store_url)
    record.migrate()
    record.close()
    print("The record is up to date.")
    return 0


def _token(chosen: argparse.Namespace) -> int:
    from bot.portal.tokens import make_demo_token
    from bot.vocabulary import Role

    print(make_demo_token(settings(), chosen.subject, chosen.family, Role(chosen.role)))
    return 0


def _evaluate(_: argparse.Namespace) -> int:
    from bot.evaluation.understanding import run_evaluation

    return run_evaluation(settings(), Path("results"))


def _bench(chosen: argparse.Namespace) -> int:
    from bot.evaluation.bench import run_bench

    return run_bench(settings(), chosen.turns, not chosen.without_reference, Path("results"))


if __name__ == "__main__":
    sys.exit(main())
