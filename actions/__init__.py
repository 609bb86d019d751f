"""What the assistant does: one module a conversation.

An action reads the turn (``actions/turn.py``), calls a pure function of ``bot.guidance``,
writes the record and commits, and only then speaks.
"""
