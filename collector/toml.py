"""Reading the server's TOML files, and the words in which their faults are told."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from collector.errors import ConfigError

TYPES = {
    "int_type": "an integer",
    "int_parsing": "an integer without quotes",
    "int_from_float": "an integer",
    "float_type": "a number",
    "float_parsing": "a number without quotes",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text in quotes",
    "path_type": "a path in quotes",
    "model_type": "a section",
    "model_attributes_type": "a section",
    "dict_type": "a section",
}
"""What pydantic calls a fault of type -> what must stand there."""


def read(path: Path, example: str) -> dict[str, Any]:
    """Read a TOML file; `example` is the file of config/ to copy where it is missing. Raises ConfigError."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; copy config/{example} there and edit it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); make it a text file that this user may read") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name}: not TOML: {error}; a text value needs quotes, a section is [name]") from None


def got(data: Any, place: Sequence[int | str]) -> str:
    """Return ` (got VALUE)` for what stands at a place, nothing for a section or where nothing stands."""
    for part in place:
        if not isinstance(data, dict) or part not in data:
            return ""
        data = data[str(part)]
    return "" if isinstance(data, dict) else f" (got {data!r})"


def near(name: str, known: Sequence[str]) -> str:
    """Return the cure for an unknown name: the closest known one, or all of them."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known here: {', '.join(known) or 'none'}"


def reason(text: str) -> str:
    """Return pydantic's own words for a fault as we say them."""
    return text.removeprefix("Value error, ").replace("Input should be", "must be")
