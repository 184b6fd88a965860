"""Say what is wrong in a config so that a person in a hall can act on it: key, reason, cure."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

BOUNDS = ("greater_than_equal", "less_than_equal")
TYPES = {
    "int_type": "an integer without quotes",
    "int_from_float": "an integer",
    "float_type": "a number without quotes",
    "bool_type": "true or false",
    "string_type": "text in quotes",
    "path_type": "a path in quotes",
    "tuple_type": "a list in [ ]",
    "model_type": "a section",
}


def explain(error: ErrorDetails, data: Mapping[str, Any], root: type[BaseModel], sections: Mapping[str, type[BaseModel]]) -> str:
    """Return one line for one fault of a config. `sections`: the models by the name they have in the file."""
    loc, kind = error["loc"], error["type"]
    key, got = _key(loc), _at(data, loc)
    if kind == "missing":
        return f"{key}: missing; {_hint(loc)}"
    if kind == "extra_forbidden":
        return f"{key}: unknown key; {_near(loc, _section(loc, root, sections))}"
    if kind in BOUNDS:
        return f"{key}: must be {_range(loc, _section(loc, root, sections))} (got {got!r})"
    if kind in TYPES:
        return f"{key}: must be {TYPES[kind]} (got {got!r})"
    text = "must not be empty" if kind == "string_too_short" else error["msg"].removeprefix("Value error, ")
    return f"{key}: {text}" if isinstance(got, Mapping) else f"{key}: {text} (got {got!r})"


def _key(loc: Sequence[int | str]) -> str:
    return "".join(f"[{p + 1}]" if isinstance(p, int) else f".{p}" for p in loc).lstrip(".") or "file"


def _at(data: Any, loc: Sequence[int | str]) -> Any:
    for part in loc:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _section(loc: Sequence[int | str], root: type[BaseModel], sections: Mapping[str, type[BaseModel]]) -> type[BaseModel]:
    names = [p for p in loc[:-1] if isinstance(p, str)]
    return sections.get(names[-1], root) if names else root


def _range(loc: Sequence[int | str], section: type[BaseModel]) -> str:
    limits: dict[str, float] = {}
    for item in section.model_fields[str(loc[-1])].metadata:
        limits |= {name: getattr(item, name) for name in ("ge", "le") if hasattr(item, name)}
    return f"{limits['ge']}..{limits['le']}" if "le" in limits else f"{limits['ge']} or more"


def _hint(loc: Sequence[int | str]) -> str:
    if len(loc) == 1:
        return f"add a section [{loc[0]}]; config/agent.example.toml shows every one"
    table = "[[modem]]" if loc[0] == "modem" else f"[{loc[0]}]"
    return f"add `{loc[-1]} = ...` under {table}"


def _near(loc: Sequence[int | str], section: type[BaseModel]) -> str:
    known = list(section.model_fields)
    close = difflib.get_close_matches(str(loc[-1]), known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known here: {', '.join(known)}"
