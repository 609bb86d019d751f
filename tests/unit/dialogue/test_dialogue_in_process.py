"""Actions in Rasa's own process: the same results and the same errors as over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import ValidationError
from rasa.core.actions.action import ActionExecutionRejection, RemoteAction
from rasa.core.channels import CollectingOutputChannel
from rasa.core.nlg import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.exceptions import RasaException
from rasa.utils.endpoints import ClientResponseError
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection as Refusal

from bot.dialogue.in_process import InProcessActions, cache_event_types, compile_result_check
from bot.settings import ROOT

# rasa-sdk imports a package's modules by a method that Python has since deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:the load_module:DeprecationWarning")

DOMAIN = Domain.from_dict({"version": "3.1", "actions": ["action_tried"], "intents": ["greet"]})


def endpoint(outcome: Any) -> InProcessActions:
    """An endpoint with one action, which does what the test says."""

    async def tried(dispatcher: Any, tracker: Any, domain: Any) -> Any:
        if isinstance(outcome, Exception):
            raise outcome
        dispatcher.utter_message(text="Something.")
        return outcome

    made = InProcessActions()
    made.executor = ActionExecutor()
    made.executor.register_function("action_tried", tried)
    return made


async def run(
    made: InProcessActions, name: str = "action_tried"
) -> tuple[list[Event], CollectingOutputChannel]:
    """Let Rasa run a remote action against the endpoint, as its processor does."""
    channel = CollectingOutputChannel()
    tracker = DialogueStateTracker.from_events("somebody", [UserUttered("hello")])
    events = await RemoteAction(name, made).run(
        channel, TemplatedNaturalLanguageGenerator({}), tracker, DOMAIN
    )
    return events, channel


async def test_what_an_action_says_and_changes_reaches_rasa() -> None:
    events, _ = await run(endpoint([{"event": "slot", "name": "question", "value": "x", "timestamp": None}]))
    assert SlotSet("question", "x") in events
    assert [event.text for event in events if event.type_name == "bot"] == ["Something."]


async def test_an_action_may_change_nothing() -> None:
    events, _ = await run(endpoint([]))
    assert [event.type_name for event in events] == ["bot"]


async def test_an_action_that_there_is_not_is_404() -> None:
    with pytest.raises(ClientResponseError) as caught:
        await endpoint([]).request(json={"next_action": "action_nowhere", "tracker": {"sender_id": "x"}})
    assert caught.value.status == 404
    assert json.loads(caught.value.text)["action_name"] == "action_nowhere"
    with pytest.raises(RasaException, match="action_nowhere"):
        await run(endpoint([]), "action_nowhere")


async def test_a_refusal_is_400_and_rasas_own_rejection() -> None:
    made = endpoint(Refusal("action_tried", "not now"))
    call = {
        "next_action": "action_tried",
        "tracker": {"sender_id": "x", "slots": {}, "events": [], "latest_message": {}},
        "domain": {},
        "version": "3.6.2",
    }
    with pytest.raises(ClientResponseError) as caught:
        await made.request(json=call)
    assert caught.value.status == 400
    assert json.loads(caught.value.text) == {"error": "not now", "action_name": "action_tried"}
    with pytest.raises(ActionExecutionRejection) as rejected:
        await run(made)
    assert rejected.value.action_name == "action_tried"
    assert "not now" in rejected.value.message


async def test_a_crash_stays_a_crash() -> None:
    with pytest.raises(ZeroDivisionError):
        await run(endpoint(ZeroDivisionError("x")))


GOOD = {"events": [], "responses": []}
MALFORMED: list[Any] = [
    {"events": "none"},
    {"events": [{"name": "no event key"}]},
    {"events": [{"event": 5}]},
    {"events": [5]},
    {"responses": "hello"},
    {"responses": ["hello"]},
    [],
    "nothing",
    None,
]


def theirs(result: Any) -> type[BaseException] | None:
    """What Rasa's own, uncompiled check does with a result."""
    from jsonschema import validate

    try:
        validate(result, RemoteAction.action_response_format_spec())
    except ValidationError as error:
        return type(error)
    return None


@pytest.mark.parametrize("result", MALFORMED)
def test_a_malformed_result_is_refused_as_rasa_refuses_it(result: Any) -> None:
    compile_result_check()
    action = RemoteAction("action_tried", None)
    expected = theirs(result)
    if expected is None:
        assert action._validate_action_result(result) is True
        return
    with pytest.raises(expected) as caught:
        action._validate_action_result(result)
    assert "Failed to validate" in str(caught.value)


def test_most_of_these_are_malformed() -> None:
    assert sum(theirs(result) is not None for result in MALFORMED) >= 6


@pytest.mark.parametrize(
    "result",
    [
        GOOD,
        {"events": [{"event": "slot", "name": "a", "value": 1}], "responses": [{"text": "x"}]},
        {"events": [{"event": "slot", "name": "a", "value": None, "timestamp": 1.5}], "responses": []},
    ],
)
def test_a_right_result_passes(result: dict[str, Any]) -> None:
    compile_result_check()
    assert RemoteAction("action_tried", None)._validate_action_result(result) is True


async def test_rasa_uses_the_compiled_check() -> None:
    with pytest.raises(ValidationError):
        await run(endpoint([{"event": 5}]))


def every_event() -> list[type[Event]]:
    import rasa.shared.utils.common

    return [
        cls
        for cls in rasa.shared.utils.common.all_subclasses(Event)
        if getattr(cls, "type_name", None) and cls.type_name != "event"
    ]


@pytest.mark.parametrize("name", sorted({cls.type_name for cls in every_event()}))
def test_every_event_type_is_found(name: str) -> None:
    cache_event_types()
    found = Event.resolve_by_type(name)
    assert found is not None
    assert found.type_name == name
    assert Event.resolve_by_type(name) is found


def test_unknown_events_stay_unknown() -> None:
    cache_event_types()
    with pytest.raises(ValueError, match="no_such_event"):
        Event.resolve_by_type("no_such_event")
    assert Event.resolve_by_type("no_such_event", default=ActionExecuted) is ActionExecuted


def test_caching_twice_is_once() -> None:
    cache_event_types()
    first = Event.resolve_by_type
    cache_event_types()
    assert Event.resolve_by_type is first


def test_domain_actions_and_registered_actions_are_the_same() -> None:
    domain = Domain.load(str(ROOT / "domain.yml"))
    listed = {name for name in domain.user_actions if not name.startswith("utter_")}
    assert listed == set(InProcessActions().executor.actions)
