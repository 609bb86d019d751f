"""Text as a person meant it, before anything reads it."""

from __future__ import annotations

import pytest

from bot.understanding.english import MAX_CHARACTERS, clean, english, read, spelled_out


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("hello", "hello"),
        ("  hello \n", "hello"),
        ("/emergency", "emergency"),
        ("///greet", "greet"),
        (" / / greet", "greet"),
        ("\n/\t/x", "x"),
        ("\u200b/greet", "greet"),
        ("/\u200b/greet", "greet"),
        ("\ufeff/greet", "greet"),
        ("／greet", "greet"),
        ("/", ""),
        ("", ""),
        ("and/or", "and/or"),
        ("he’s “fine”", 'he\'s "fine"'),
        ("he`s", "he's"),
        ("he´s", "he's"),
        ("2\u00a0weeks", "2 weeks"),
        ("a\x00b\x07c", "abc"),
        ("line one\nline two", "line one\nline two"),
        ("ｂａｂｙ", "baby"),
        ("ﬁne", "fine"),
        ("right\u202eto left", "rightto left"),
        ("😴 baby", "😴 baby"),
    ],
)
def test_clean(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_clean_stops_somewhere() -> None:
    assert len(clean("x" * (MAX_CHARACTERS + 500))) == MAX_CHARACTERS


def test_cleaning_twice_changes_nothing() -> None:
    for text in ("//a", "he’s \u200b/ x", " /…/", "ﬁ /", "/ /\u200b/ /x"):
        assert clean(clean(text)) == clean(text)
        assert not clean(text).startswith("/")


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("hes", "he's"),
        ("Hes not", "he's not"),
        ("SHES NT", "she's NT"),
        ("isnt", "isn't"),
        ("cant cannot", "can't can not"),
        ("im", "i'm"),
        ("he was ill and id say so", "he was ill and id say so"),
        ("imagine the wonton", "imagine the wonton"),
        ("babys cot", "baby's cot"),
        ("don’t", "don't"),
        ("it aint", "it isn't"),
        ("", ""),
    ],
)
def test_apostrophes_are_put_back(text: str, mended: str) -> None:
    assert spelled_out(text) == mended


def test_tokens_and_sentences() -> None:
    doc = read("hes fine. cant sleep!\nhelp")
    assert [token.lower_ for token in doc][:3] == ["he", "'s", "fine"]
    assert "ca" in {token.lower_ for token in doc} and "n't" in {token.lower_ for token in doc}
    assert len(list(doc.sents)) >= 3


def test_there_is_one_pipeline() -> None:
    assert english() is english()
    assert len(read("")) == 0
