"""Custom actions in Rasa's own process: no port, no HTTP, real actions.

:class:`InProcessActions` stands where Rasa expects an action endpoint and hands the call
to rasa-sdk's executor. What the SDK's HTTP server would answer with a status is raised as
Rasa would have seen it.
"""

from __future__ import annotations

import json
from typing import Any

from rasa.core.actions.action import RemoteAction
from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException


class InProcessActions(EndpointConfig):  # type: ignore[misc]
    """An action endpoint that runs the ``actions`` package here."""

    def __init__(self, package: str = "actions") -> None:
        super().__init__(url="in-process")
        self.executor = ActionExecutor()
        self.executor.register_package(package)

    async def request(self, *args: Any, **kwargs: Any) -> Any:
        """Run one action call.

        Raises:
            ClientResponseError: 400 where the action refused to run, 404 where there is no
                such action; Rasa turns these into its own errors as it does for HTTP.
        """
        call = kwargs["json"]
        try:
            return await self.executor.run(call)
        except ActionExecutionRejection as error:
            raise _response(400, error.action_name, error.message) from error
        except ActionNotFoundException as error:
            raise _response(404, call.get("next_action", ""), str(error)) from error


def _response(status: int, action: str, message: str) -> ClientResponseError:
    body = json.dumps({"error": message, "action_name": action})
    return ClientResponseError(status, message, body)


def compile_result_check() -> None:
    """Check action results with a validator compiled once.

    Rasa compiles its JSON schema again for every action call, 20 to 35 ms each. The schema
    and the error are the same; ``tests/unit/dialogue/test_in_process.py`` shows that a
    malformed result is still refused.
    """
    from jsonschema import Draft7Validator, ValidationError

    validator = Draft7Validator(RemoteAction.action_response_format_spec())

    def check(self: RemoteAction, result: dict[str, Any]) -> bool:
        for error in validator.iter_errors(result):
            error.message += ". Failed to validate the action's result"
            raise ValidationError(error.message)
        return True

    RemoteAction._validate_action_result = check


def cache_event_types() -> None:
    """Look each event class up once.

    ``Event.resolve_by_type`` walks all subclasses for every event of a conversation; that
    walk is half of what a long conversation costs a turn.
    """
    from functools import lru_cache

    from rasa.shared.core.events import Event

    original = Event.resolve_by_type
    if hasattr(original, "cache_info"):
        return
    Event.resolve_by_type = staticmethod(lru_cache(maxsize=256)(original))
