"""How each question is put, so that it can be put again after an interruption."""

from __future__ import annotations

from actions.turn import FACT, TurnState
from bot import blocks

CHECK_UNDERSTANDING = "check_understanding:"
AGREEMENT = "agreement"
DELETE = "delete"
COMING_BACK = "welcome_back"

YES_NO = [("Yes", "/affirm"), ("No", "/deny")]
YES_NO_NOT_SURE = [*YES_NO, ("Not sure", "/dont_know")]
CHECK_CHOICES = [("It makes sense", "/affirm"), ("Say it another way", "/ask_again"), ("Why?", "/ask_why")]


def ask_fact(turn: TurnState, fact: str) -> None:
    """Ask one fact about everybody it concerns."""
    turn.say(blocks.paragraph(turn.household.facts[fact].ask))
    turn.say(blocks.choices(YES_NO_NOT_SURE))
    turn.change(question=f"{FACT}{fact}")


def ask_agreement(turn: TurnState) -> None:
    """The one question about keeping the conversation with the family's record."""
    turn.utter("utter_ask_agreement")
    turn.utter("utter_ask_agreement_rights")
    turn.say(blocks.choices(YES_NO))
    turn.change(question=AGREEMENT, agreement_asked=True)


def ask_delete(turn: TurnState) -> None:
    """Whether to delete for good."""
    turn.utter("utter_ask_delete")
    turn.say(blocks.choices(YES_NO))
    turn.change(question=DELETE)


def check_understanding(turn: TurnState, statement_id: str, offer: tuple[str, str] | None = None) -> None:
    """Whether it made sense, as a test of our explaining."""
    turn.utter("utter_check_understanding")
    turn.say(blocks.choices([*CHECK_CHOICES, *([offer] if offer else [])]))
    turn.change(question=f"{CHECK_UNDERSTANDING}{statement_id}")


def ask_again(turn: TurnState, question: str) -> bool:
    """Put a question that was interrupted once more; False for one that is not put again."""
    word, _, detail = question.partition(":")
    if word == "fact":
        ask_fact(turn, detail)
    elif word == "check_understanding":
        check_understanding(turn, detail)
    elif word == AGREEMENT:
        ask_agreement(turn)
    elif word == DELETE:
        ask_delete(turn)
    else:
        return False
    return True
