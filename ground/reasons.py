"""Why a frame was not stored: the collector answers in English, and hall and office read it in their language.

A reason travels as text and stays in the hall's quarantine, so it is told by its wording; what no wording fits is the fault of
the frame itself, in the words of the one who read it.
"""

from __future__ import annotations

import re

from ground.words import Lang, mark, tr

NOT_LISTED = mark("site {site} is not in the collector's list of sites: add its row")
TOO_MANY_MODEMS = mark("site {site} has {n} modems already: {modem} is one too many; use the old names")
AHEAD = mark("from the future: {seconds} s ahead of its receipt")
AHEAD_FOR_EVER = mark("from the future: {seconds} s ahead of its receipt; upgrade the agent: a newer one corrects it by itself")
TOO_OLD = mark("older than the store keeps: {reason}")
STORE = mark("store: {reason}")
OUR_FAULT = mark("fault of the collector: {reason}")
FRAME = mark("not a sound frame: {reason}")
_WORDINGS = (NOT_LISTED, TOO_MANY_MODEMS, AHEAD_FOR_EVER, AHEAD, TOO_OLD, STORE, OUR_FAULT)


def meaning(reason: str, lang: Lang) -> str:
    """Return the reason of an answer in a language; what it quotes of others stays as it is."""
    for wording in _WORDINGS:
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.*)", re.escape(wording))
        if found := re.fullmatch(pattern, reason, re.DOTALL):
            return tr(wording, lang, **found.groupdict())
    return tr(FRAME, lang, reason=reason)
