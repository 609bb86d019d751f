"""What excuses a danger phrase: negated, hypothetical, past, or somebody else's story.

Pure functions over spaCy tokens; the word lists stand in ``red_flags.yml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from spacy.tokens import Doc, Span

BEFORE = 5
"""How many words before a phrase a negation or a hypothetical reaches."""

WORRY = frozenset({"worried", "worry", "worrying", "scared", "afraid", "anxious", "fear", "frightened"})
UNSURE_IF = frozenset({"sure", "know", "tell", "see", "check", "checking"})
"""Before an "if" these make it an open question about now, no hypothetical."""

NOW_WORDS = frozenset({"now", "just", "still", "right", "currently", "rn", "help", "please", "tonight"})


def scopes_of(phrase: Span, words: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """The scopes, of those named in ``words``, that the phrase stands in.

    A sentence that says now ("she was fine yesterday, now she's blue") is never past.
    """
    sentence = _sentence(phrase)
    before = {t.lower_ for t in phrase.doc[max(sentence.start, phrase.start - BEFORE) : phrase.start]}
    around = {t.lower_ for t in sentence if not phrase.start <= t.i < phrase.end}
    found = set()
    for scope, listed in words.items():
        near = before if scope in {"negated", "hypothetical"} else around
        if near & set(listed):
            found.add(scope)
    if before & UNSURE_IF and "if" in before and not before & (set(words.get("hypothetical", ())) - {"if"}):
        found.discard("hypothetical")
    if before & WORRY and before & {"about", "of"}:
        found.add("hypothetical")  # "worried about him choking"
    if "past" in found and around & NOW_WORDS:
        found.discard("past")
    return frozenset(found)


def _sentence(phrase: Span) -> Span:
    doc: Doc = phrase.doc
    for sentence in doc.sents:
        if sentence.start <= phrase.start < sentence.end:
            return sentence
    return doc[:]
