"""The web: who may talk, what they may send, and the page they see.

Start at :class:`~bot.portal.chat.Chat` (what happens) and :func:`~bot.portal.app.make_app`
(how it is reached). ``docs/openapi.yml`` describes the HTTP API.
"""
