"""The closed words that every room of the assistant uses.

A word that is stored, sent over HTTP, or compared anywhere is a member of one of
these enums, never a bare string. Topics are the exception: the guidance library
(``bot/guidance/topics``) is their register, so that a new topic is one file there
and one file in ``data/nlu/topics`` (see ``docs/decisions/topics-are-files.md``).
"""

from __future__ import annotations

from enum import Enum

OUT_OF_SCOPE = "out_of_scope"
"""The topic of a message that no guidance topic fits."""

CHITCHAT = "chitchat"
"""The topic of small talk."""


class Word(str, Enum):
    """A member prints, formats and serialises as its value."""

    def __str__(self) -> str:
        return str(self.value)


class Urgency(Word):
    """How soon somebody must act on a message."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    CHECK = "check"
    NONE = "none"


class Act(Word):
    """What a person does with a message: the intents of the dialogue model."""

    ASK_ADVICE = "ask_advice"
    TELL_PRACTICE = "tell_practice"
    ARGUE = "argue"
    INFORM = "inform"
    CORRECT = "correct"
    AFFIRM = "affirm"
    DENY = "deny"
    DONT_KNOW = "dont_know"
    ASK_WHY = "ask_why"
    ASK_MORE = "ask_more"
    ASK_AGAIN = "ask_again"
    ASK_HISTORY = "ask_history"
    ASK_RECORD = "ask_record"
    DELETE_RECORD = "delete_record"
    ASK_HUMAN = "ask_human"
    ASK_ASSISTANT = "ask_assistant"
    LATER = "later"
    REFUSE = "refuse"
    RESUME = "resume"
    GREET = "greet"
    THANK = "thank"
    GOODBYE = "goodbye"
    CHITCHAT = "chitchat"
    OUT_OF_SCOPE = "out_of_scope"


class Kind(Word):
    """How the first line of an answer should sound; a table over :class:`Act`."""

    QUESTION = "question"
    DISCLOSURE = "disclosure"
    STATEMENT = "statement"
    CHITCHAT = "chitchat"


KIND_OF_ACT: dict[Act, Kind] = {
    Act.ASK_ADVICE: Kind.QUESTION,
    Act.ASK_WHY: Kind.QUESTION,
    Act.ASK_MORE: Kind.QUESTION,
    Act.ASK_AGAIN: Kind.QUESTION,
    Act.ASK_HISTORY: Kind.QUESTION,
    Act.ASK_RECORD: Kind.QUESTION,
    Act.ASK_HUMAN: Kind.QUESTION,
    Act.ASK_ASSISTANT: Kind.QUESTION,
    Act.OUT_OF_SCOPE: Kind.QUESTION,
    Act.TELL_PRACTICE: Kind.DISCLOSURE,
    Act.ARGUE: Kind.STATEMENT,
    Act.INFORM: Kind.STATEMENT,
    Act.CORRECT: Kind.STATEMENT,
    Act.AFFIRM: Kind.STATEMENT,
    Act.DENY: Kind.STATEMENT,
    Act.DONT_KNOW: Kind.STATEMENT,
    Act.DELETE_RECORD: Kind.STATEMENT,
    Act.LATER: Kind.STATEMENT,
    Act.REFUSE: Kind.STATEMENT,
    Act.RESUME: Kind.STATEMENT,
    Act.GREET: Kind.CHITCHAT,
    Act.THANK: Kind.CHITCHAT,
    Act.GOODBYE: Kind.CHITCHAT,
    Act.CHITCHAT: Kind.CHITCHAT,
}


class Role(Word):
    """Who is talking, as the host portal's token says it."""

    PARENT = "parent"
    PARTNER = "partner"
    GRANDPARENT = "grandparent"
    FOSTER_CARER = "foster_carer"
    OTHER_CARER = "other_carer"
    HEALTH_VISITOR = "health_visitor"
    MIDWIFE = "midwife"
    SOCIAL_WORKER = "social_worker"
    CHILDCARE = "childcare"


class Audience(Word):
    """For whom a statement is written."""

    PARENT = "parent"
    OTHER_CARER = "other_carer"
    PRACTITIONER = "practitioner"


AUDIENCE_OF_ROLE: dict[Role, Audience] = {
    Role.PARENT: Audience.PARENT,
    Role.PARTNER: Audience.PARENT,
    Role.GRANDPARENT: Audience.OTHER_CARER,
    Role.FOSTER_CARER: Audience.OTHER_CARER,
    Role.OTHER_CARER: Audience.OTHER_CARER,
    Role.HEALTH_VISITOR: Audience.PRACTITIONER,
    Role.MIDWIFE: Audience.PRACTITIONER,
    Role.SOCIAL_WORKER: Audience.PRACTITIONER,
    Role.CHILDCARE: Audience.PRACTITIONER,
}


class Evidence(Word):
    """How far a statement was read at its source; ``background`` is held until signed."""

    SEEN = "seen"
    SEEN_SECONDARY = "seen-secondary"
    BACKGROUND = "background"


class Nation(Word):
    """The nation whose phone lines and services apply."""

    ENGLAND = "england"
    SCOTLAND = "scotland"
    WALES = "wales"
    NORTHERN_IRELAND = "northern_ireland"


class CheckMethod(Word):
    """How understanding was checked. A bare yes is ``self_report`` and covers nothing."""

    TEACH_BACK = "teach_back"
    SELF_REPORT = "self_report"
    PROFESSIONAL = "professional"


class CheckOutcome(Word):
    """What the check showed, as a test of our explaining and never of the person."""

    SAID_BACK = "said_back"
    PARTLY = "partly"
    WORTH_GOING_OVER = "worth_going_over"
    DECLINED = "declined"


class Answer(Word):
    """The answers to a yes-or-no fact. For a hazard, ``dont_know`` counts as yes."""

    YES = "yes"
    NO = "no"
    DONT_KNOW = "dont_know"
    NOT_ASKED = "not_asked"


class Agreement(Word):
    """Whether a person agreed that a conversation is kept with their family's record."""

    AGREED = "agreed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class BabyStatus(Word):
    """Where a baby is; anything but ``home`` stops prompts to parents."""

    HOME = "home"
    HOSPITAL = "hospital"
    OTHER_CARER = "other_carer"
    ADOPTED = "adopted"
    DIED = "died"


class BlockType(Word):
    """The typed blocks that every channel receives."""

    PARAGRAPH = "paragraph"
    LIST = "list"
    LINK = "link"
    CARE_CARD = "care_card"
    DO_DONT = "do_dont"
    CHOICES = "choices"
    PLAN = "plan"
    SOURCES = "sources"
    ERROR = "error"
