"""Numbers in words and units as people type them, turned into one unit each.

Pure functions: weeks for ages and gestation, grams for weights, units for drink.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

NUMBER_WORDS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "thirty": 30, "couple of": 2, "a couple of": 2, "half a": 0.5,
}  # fmt: skip
_NUMBER = (
    r"(?P<n>\d+(?:\.\d+)?|" + "|".join(sorted(map(re.escape, NUMBER_WORDS), key=len, reverse=True)) + r")"
)
WEEKS_A_MONTH = 52 / 12
TERM_WEEKS = 40
GESTATION_WEEKS = (22, 43)
BIRTH_GRAMS = (400, 6500)


@dataclass(frozen=True)
class Found:
    """A value in a text: its name, normalised value and place (characters)."""

    entity: str
    value: dict[str, float | str]
    start: int
    end: int


def number(text: str) -> float:
    """``"nine"``, ``"9"`` or ``"9.5"`` as a number."""
    text = text.lower().strip()
    return float(NUMBER_WORDS[text]) if text in NUMBER_WORDS else float(text)


_UNIT = r"(?P<u>days?|d|weeks?|wks?|wk|w|weekers?|months?|mths?|mnths?|mo|m|years?|yrs?|yo)"
_AFTER = r"(?P<after>[\s-]*(?:old|early|premature|prem|preterm|pregnant|gestation|corrected))?"
_SPAN = re.compile(
    rf"\b{_NUMBER}(?:\s*(?P<half>and a half|1/2))?(?:(?<=\d)\s*-?\s*|[\s-]+){_UNIT}\b{_AFTER}", re.I
)
_PLUS = re.compile(r"\b(?P<w>2[2-9]|3\d|4[0-2])\s?\+\s?(?P<d>[0-6])\b")
_BORN_BEFORE = re.compile(
    r"\b(?:born|arrived|came|delivered|had (?:him|her|them)|she was|he was|they were)"
    r"(?:\s+\w+){0,2}?\s+(?:at\s+)?$",
    re.I,
)
_NO_AGE_BEFORE = re.compile(r"\b(?:in|for|every|times|twice|once|last|next|past|per)\s+$", re.I)
_NO_AGE_AFTER = re.compile(r"\s*(?:ago|time|later|until|till|running|in a row|straight|at a time)\b", re.I)
_LB_HALF = re.compile(rf"\b{_NUMBER} and a half (?:lbs?|pounds?)\b", re.I)
_LB = re.compile(
    rf"\b{_NUMBER}\s*(?:lbs?|pounds?)(?:\s*(?:and\s*)?(?P<oz>\d{{1,2}}|a half)?\s*(?:oz|ounces?)?)?\b", re.I
)
_KG = re.compile(r"\b(?P<n>\d(?:[.,]\d{1,3})?)\s*(?:kgs?|kilos?)\b", re.I)
_G = re.compile(r"\b(?P<n>\d{3,4})\s*(?:g|grams?)\b", re.I)
_HAD_BEFORE = re.compile(r"\b(?:had|drank|drunk|downed|having|on my|on his|on her)\s+(?:\w+\s+){0,3}$", re.I)
_HAD_AFTER = re.compile(r"\s*(?:\w+\s+){0,3}(?:down|in already|deep)\b", re.I)
_CONTAINER = (
    r"(?P<c>glass(?:es)?|pints?|bottles?|cans?|shots?|units?|gins?|vodkas?|beers?|wines?|proseccos?|drinks?)"
)
_DRINKS = re.compile(
    rf"\b{_NUMBER}\s*(?:or so\s*)?(?:(?P<size>small|large|big|medium)\s+)?{_CONTAINER}\b"
    r"(?:\s+of\s+(?P<k>\w+))?",
    re.I,
)
_SINGULAR = {"glass": "glass", "glasses": "glass"}
_UNITS = {
    "pint": 2.0,
    "can": 2.0,
    "beer": 2.0,
    "shot": 1.0,
    "unit": 1.0,
    "gin": 1.0,
    "vodka": 1.0,
    "drink": 2.0,
}
"""UK units by container (evidence alcohol.5): pint 2, large glass of wine 3, single spirit 1."""


def ages(text: str) -> list[Found]:
    """Ages (``baby_age``), gestation (``gestation``) and weeks that may be either (``weeks_unclear``)."""
    found = []
    for match in _PLUS.finditer(text):
        value = float(match["w"]) + int(match["d"]) / 7
        found.append(Found("gestation", {"weeks": round(value, 2)}, *match.span()))
    for match in _SPAN.finditer(text):
        if any(f.start < match.end() and match.start() < f.end for f in found):
            continue
        found += _age(match, text[: match.start()], text[match.end() :])
    return found


def _age(match: re.Match[str], before: str, rest: str) -> list[Found]:
    amount = number(match["n"]) + (0.5 if match["half"] else 0)
    unit, after = match["u"].lower(), (match["after"] or "").lower()
    if unit == "m" and match["n"].isdigit() and amount > 24:
        return []
    weeks = amount * _weeks_in(unit)
    span = match.span()
    if any(word in after for word in ("early", "prem", "preterm")):
        return [Found("gestation", {"weeks": TERM_WEEKS - weeks}, *span)] if weeks < 18 else []
    if unit.startswith("weeker") or "gestation" in after:
        return [Found("gestation", {"weeks": weeks}, *span)]
    if _NO_AGE_BEFORE.search(before) or _NO_AGE_AFTER.match(rest):
        return []
    if match["n"].lower() in {"a", "an"} and not after:
        return []
    born = bool(_BORN_BEFORE.search(before))
    is_weeks = unit.startswith("w")
    if is_weeks and GESTATION_WEEKS[0] <= weeks <= GESTATION_WEEKS[1] and "old" not in after:
        if "pregnant" in after:
            return [Found("pregnant", {"weeks": weeks}, *span)]
        return [Found("gestation" if born else "weeks_unclear", {"weeks": weeks}, *span)]
    if weeks > 160 or "pregnant" in after:
        return []
    return [Found("baby_age", {"weeks": round(weeks, 1)}, *span)]


def _weeks_in(unit: str) -> float:
    if unit.startswith("d"):
        return 1 / 7
    if unit.startswith("w"):
        return 1.0
    if unit.startswith("y"):
        return 52.0
    return WEEKS_A_MONTH


def weights(text: str) -> list[Found]:
    """Birth weights in grams, within what a newborn can weigh."""
    found = [((number(m["n"]) + 0.5) * 453.592, m) for m in _LB_HALF.finditer(text)]
    for match in _LB.finditer(text):
        if any(m.start() <= match.start() < m.end() for _, m in found):
            continue
        ounces = match["oz"]
        extra = 8.0 if ounces == "a half" else float(ounces or 0)
        found.append((number(match["n"]) * 453.592 + extra * 28.3495, match))
    found += [(float(m["n"].replace(",", ".")) * 1000, m) for m in _KG.finditer(text)]
    found += [(float(m["n"]), m) for m in _G.finditer(text)]
    return [
        Found("birth_weight", {"grams": round(grams)}, *match.span())
        for grams, match in found
        if BIRTH_GRAMS[0] <= grams <= BIRTH_GRAMS[1]
    ]


def drinks(text: str) -> list[Found]:
    """Amounts of drink in UK units."""
    found = []
    for match in _DRINKS.finditer(text):
        container = _SINGULAR.get(match["c"].lower(), match["c"].lower().removesuffix("s"))
        kind = (match["k"] or "").lower()
        if container in {"glass", "bottle"} and kind in {
            "water",
            "milk",
            "juice",
            "squash",
            "formula",
            "coke",
        }:
            continue
        each = _UNITS.get(container)
        if container in {"glass", "wine", "prosecco"}:
            each = {"small": 1.5, "large": 3.0, "big": 3.0}.get((match["size"] or "").lower(), 2.1)
        if container == "bottle":
            if not kind:
                continue
            each = (
                9.0
                if kind in {"wine", "prosecco", "red", "white"}
                else 28.0
                if kind in {"vodka", "gin"}
                else 2.0
            )
        if each is not None:
            value: dict[str, float | str] = {"units": round(number(match["n"]) * each, 1)}
            if _HAD_BEFORE.search(text[: match.start()]) or _HAD_AFTER.match(text[match.end() :]):
                value["had"] = "yes"
            found.append(Found("units", value, *match.span()))
    return found
