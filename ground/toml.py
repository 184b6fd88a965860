"""TOML files that a person edits: read, judged by a pydantic model, and their faults told with file, key, reason and cure."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from ground.edited import QUOTES, MissingFileError, foreign, read_text
from ground.errors import ConfigError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

M = TypeVar("M", bound=BaseModel)
TYPES = {
    "int_type": "an integer without quotes",
    "int_parsing": "an integer without quotes",
    "int_from_float": "an integer",
    "float_type": "a number without quotes",
    "float_parsing": "a number without quotes",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text in quotes",
    "path_type": "a path in quotes",
    "tuple_type": "a list as ['one', 'two']",
    "string_too_short": "text that is not empty",
    "too_short": "a list with at least one entry",
    "model_type": "a section",
    "model_attributes_type": "a section",
    "dict_type": "a section",
}
"""What pydantic calls a fault of type -> what must stand there."""
BOUNDS = {"greater_than_equal", "less_than_equal", "greater_than", "less_than"}

MAKES = {
    "agent.example.toml": "`sudo sinyal-agent install NAME.sinyal` makes it, with the file of this hall; or ",
    "collector.example.toml": "`sudo sinyal-collector install --host NAME` makes it; or ",
}
"""What makes the real file of an example."""


class Section(BaseModel):
    """What every section of a config shares: unknown keys are errors, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    TELLS_VALUES: ClassVar[bool] = True
    """Whether a fault may repeat what stands there; not where it may be a secret."""


def load(model: type[M], path: Path, example: str) -> M:
    """Read and judge a TOML file; `example`: the file of config/ that shows it. Raises ConfigError, a line for each fault."""
    return judge(model, read(path, example), path, example)


def read(path: Path, example: str) -> dict[str, Any]:
    """Read a TOML file; `example` is the file of config/ to copy where it is missing. Raises ConfigError."""
    try:
        text = read_text(path)
        data = tomllib.loads(text)
    except MissingFileError:
        raise ConfigError(f"{path}: no such file; {MAKES.get(example, '')}copy config/{example} there and edit it") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name}: {_broken(text, str(error))}") from None
    if quoted := next(_quoted_twice(data), None):
        raise ConfigError(f"{path.name}: {quoted}")
    return {key: _stripped(value) for key, value in data.items()}


def judge(model: type[M], data: Mapping[str, Any], path: Path, example: str) -> M:
    """Return what was read as the model; relative paths count from the folder of the file. Raises ConfigError as `load` does."""
    try:
        if model.model_config.get("strict"):  # as JSON: strict types, yet paths and lists as TOML has them
            return model.model_validate_json(json.dumps(data, default=str), context=path.parent)
        return model.model_validate(data, context=path.parent)
    except ValidationError as error:
        raise ConfigError("\n".join(f"{path.name}: {line}" for line in faults(error, model, data, example))) from None


def faults(error: ValidationError, model: type[BaseModel], data: Mapping[str, Any], example: str) -> Iterator[str]:
    """Yield a line for each fault: key, reason, cure."""
    for fault in error.errors(include_url=False):
        owner, place = _owner(model, fault["loc"])
        if fault["type"].startswith("union_tag"):
            variants = _kinds(_field(owner, place[-1]))
            place.append(fault["ctx"]["discriminator"].strip("'"))
            reason = f"must be one of {', '.join(tag for variant in variants for tag in _tags(variant))}"
        else:
            reason = _reason(fault, owner, place, example)
        silent = fault["type"] in {"missing", "extra_forbidden"} or _may_be_secret(owner, place)
        yield f"{_key(place)}: {reason}{'' if silent else _got(data, place)}"


def near(name: str, known: Sequence[str]) -> str:
    """Return the cure for an unknown name: the closest known one, or all of them."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known here: {', '.join(known) or 'none'}"


def _broken(text: str, error: str) -> str:
    found = re.search(r"at line (\d+)", error)
    lines = text.split("\n")
    number = int(found[1]) if found else len(lines) if "end of document" in error else 0
    # A quote that opens with a typographic one is only found at the end of a line or of the file: look from there upwards.
    for line in [number, *range(number - 1, 0, -1)] if number else []:
        if cure := foreign(_syntax(lines[line - 1])):
            return f"line {line}: {cure}"
    return f"not TOML: {error}; a text value needs quotes, a section is [name]"


def _syntax(line: str) -> str:
    """Return what stands outside of quotes and comments, or the whole where a quote stays open."""
    return re.sub(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'', "", line).split("#")[0]


def _stripped(data: Any) -> Any:
    """Return a value without blanks around its texts: what looked like none in an editor was one that it does not show."""
    if isinstance(data, Mapping):
        return {key: _stripped(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_stripped(value) for value in data]
    return data.strip() if isinstance(data, str) else data


def _quoted_twice(data: Any, place: tuple[int | str, ...] = ()) -> Iterator[str]:
    """Yield the values that stand in typographic quotes inside the plain ones: never meant."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _quoted_twice(value, (*place, key))
    elif isinstance(data, list):
        for number, value in enumerate(data):
            yield from _quoted_twice(value, (*place, number))
    elif isinstance(data, str) and len(data) > 1 and data[0] in QUOTES and data[-1] in QUOTES:
        yield f"{_key(place)}: {foreign(data)}; the quotes around {data} are typographic: delete them"


def _owner(model: Any, loc: Sequence[int | str]) -> tuple[type[BaseModel] | None, list[int | str]]:
    """Return the model whose key the last part of a place is, and the place without the names of variants that pydantic adds."""
    kind, owner, place = model, None, []
    for part in loc:
        models = [k for k in _kinds(kind) if isinstance(k, type) and issubclass(k, BaseModel)]
        if len(models) > 1 and (chosen := [m for m in models if part in _tags(m)]):
            kind = chosen[0]
            continue
        owner = models[0] if models else None
        place.append(part)
        kind = _below(kind, owner, part)
    return owner, place


def _below(kind: Any, model: type[BaseModel] | None, part: int | str) -> Any:
    if model is not None:
        return _field(model, part)
    inner = [a for k in _kinds(kind) for a in get_args(k) if a is not Ellipsis]
    return inner[-1] if inner else None


def _field(model: type[BaseModel] | None, key: int | str) -> Any:
    named = {} if model is None else {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    return named.get(str(key))


def _kinds(kind: Any) -> list[Any]:
    if get_origin(kind) is Annotated:
        return _kinds(get_args(kind)[0])
    if get_origin(kind) in {Union, UnionType}:
        return [k for a in get_args(kind) for k in _kinds(a)]
    return [kind]


def _tags(model: type[BaseModel]) -> list[Any]:
    literals = [f.annotation for f in model.model_fields.values() if get_origin(f.annotation) is Literal]
    return [value for literal in literals for value in get_args(literal)]


def _key(place: Sequence[int | str]) -> str:
    return "".join(f"[{p + 1}]" if isinstance(p, int) else f".{p}" for p in place).lstrip(".") or "file"


def _reason(fault: ErrorDetails, owner: type[BaseModel] | None, place: Sequence[int | str], example: str) -> str:
    kind = fault["type"]
    if kind == "missing":
        return f"missing; add {_missing(owner, place)}, as config/{example} shows"
    if kind == "extra_forbidden":
        return f"unknown key; {near(str(place[-1]), _known(owner))}"
    if kind in BOUNDS:
        return f"must be {_range(fault, owner, place)}"
    if kind == "string_pattern_mismatch":
        return f"must be {_pattern(owner, place)}"
    if kind not in TYPES:
        return fault["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    named = TYPES[kind] == "a section" and (owner is None or get_origin(_field(owner, place[-1])) is dict)
    return f"must be {TYPES[kind]}" + (f"; name it [{place[0]}.NAME], as config/{example} shows" if named else "")


def _missing(owner: type[BaseModel] | None, place: Sequence[int | str]) -> str:
    kinds = _kinds(_field(owner, place[-1]))
    if len(place) == 1 and any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in kinds):
        return f"a section [{place[0]}]"
    section = ".".join(str(p) for p in place[:-1] if isinstance(p, str))
    table = f"[[{section}]]" if isinstance(place[-2:][0], int) else f"[{section}]"
    return f"`{place[-1]} = ...`" + (f" under {table}" if section else "")


def _known(owner: type[BaseModel] | None) -> list[str]:
    return [] if owner is None else [field.alias or name for name, field in owner.model_fields.items()]


def _range(fault: ErrorDetails, owner: type[BaseModel] | None, place: Sequence[int | str]) -> str:
    limits = dict(fault["ctx"])
    if owner is not None and isinstance(place[-1], str):
        field = next(f for name, f in owner.model_fields.items() if place[-1] in {name, f.alias})
        optional = [get_args(k)[1] for k in get_args(field.annotation) if get_origin(k) is Annotated]
        inner = [m for info in optional for m in getattr(info, "metadata", ())]
        limits |= {n: getattr(m, n) for m in (*field.metadata, *inner) for n in ("ge", "le", "gt", "lt") if hasattr(m, n)}
    if {"ge", "le"} <= limits.keys():
        return f"{limits['ge']}..{limits['le']}"
    words = {"ge": "{} or more", "gt": "more than {}", "le": "{} or less", "lt": "less than {}"}
    return " and ".join(words[name].format(limits[name]) for name in words if name in limits)


def _pattern(owner: type[BaseModel] | None, place: Sequence[int | str]) -> str:
    field = None if owner is None else owner.model_fields.get(str(place[-1]))
    extra = None if field is None else field.json_schema_extra
    told = extra.get("must") if isinstance(extra, dict) else None
    return str(told or "letters, digits, '_' and '-' only, and not too long")


def _may_be_secret(owner: type[BaseModel] | None, place: Sequence[int | str]) -> bool:
    if owner is None:
        return False
    tells = getattr(owner, "TELLS_VALUES", True)
    return not tells or SecretStr in _kinds(_field(owner, place[-1]))


def _got(data: Any, place: Sequence[int | str]) -> str:
    """Return ` (got VALUE)` for what stands at a place; nothing for a section, for nothing, or for an address with a password."""
    for part in place:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return ""
    return "" if isinstance(data, Mapping) or re.search(r"//[^/]*@", str(data)) else f" (got {data!r})"
