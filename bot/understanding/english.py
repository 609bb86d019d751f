"""spaCy's blank English: tokens and sentences of what people type.

No pretrained pipeline is needed (none for spaCy 3.7 is on the package index); rules and
a classifier do the rest.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import spacy
from spacy.language import Language
from spacy.tokens import Doc

MAX_CHARACTERS = 2000
"""Text beyond this is not looked at. The portal stops at 500 characters."""

_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "“": '"', "”": '"', "\u00a0": " "})
_CONTRACTIONS = {
    "isnt": "isn't", "arent": "aren't", "wasnt": "wasn't", "werent": "weren't", "dont": "don't",
    "doesnt": "doesn't", "didnt": "didn't", "wont": "won't", "cant": "can't", "couldnt": "couldn't",
    "wouldnt": "wouldn't", "shouldnt": "shouldn't", "hasnt": "hasn't", "havent": "haven't",
    "hadnt": "hadn't", "hes": "he's", "shes": "she's", "thats": "that's", "whats": "what's",
    "theres": "there's", "im": "i'm", "ive": "i've", "ill": "i'll", "id": "i'd", "theyre": "they're",
    "weve": "we've", "youre": "you're", "babys": "baby's", "cannot": "can not", "aint": "isn't",
}  # fmt: skip
_WORD = re.compile(r"[A-Za-z]+")
_LEADING_SLASHES = re.compile(r"^[\s/]+")


def clean(text: str) -> str:
    """Text as a person meant it: no leading slashes, one kind of quote, no control characters.

    A leading slash would be read by Rasa as an intent typed by hand.
    """
    text = unicodedata.normalize("NFKC", text.translate(_QUOTES)).translate(_QUOTES)
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c)[0] != "C")
    return _LEADING_SLASHES.sub("", text).strip()[:MAX_CHARACTERS]


def spelled_out(text: str) -> str:
    """``text`` with apostrophes put back ("isnt" to "isn't"), for rules that read words."""

    def mend(match: re.Match[str]) -> str:
        word = match.group().lower()
        return _CONTRACTIONS[word] if word in _CONTRACTIONS and word not in {"ill", "id"} else match.group()

    return _WORD.sub(mend, text.translate(_QUOTES))


@lru_cache(maxsize=1)
def english() -> Language:
    """The one blank English pipeline of this process, with sentence ends."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer", config={"punct_chars": [".", "!", "?", "…", "\n", ";"]})
    return nlp


def read(text: str) -> Doc:
    """Tokens and sentences of ``text`` with apostrophes put back."""
    return english()(spelled_out(clean(text)))
