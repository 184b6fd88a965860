"""The configuration as the running agent holds it: judged in a process of its own, as what judges is a third of its memory (P9).

`python -m agent.judged` reads one question as JSON from stdin and prints one answer. Where that process fails, it is done here.
"""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import orjson

from agent.errors import ConfigError

if TYPE_CHECKING:
    from agent.config import Config

log = logging.getLogger(__name__)

CHILD_S = 120.0


class Judged:
    """A section of a configuration under the names of agent/config.py, with its properties. Nothing changes after it is made."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update({name: _settled(value) for name, value in values.items()})

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name} of a configuration cannot be changed")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Judged) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # equal by values

    def model_copy(self, *, update: Mapping[str, Any]) -> Self:
        """Return a copy with other values, as a section of agent/config.py does."""
        return type(self)({**vars(self), **update})


class JudgedConfig(Judged):
    """The whole of `agent.toml`."""

    def __init__(self, values: Mapping[str, Any], written: Mapping[str, Any]) -> None:
        """`written`: what the file itself says, for settings to be laid over."""
        super().__init__(values)
        self.__dict__["_written"] = written

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Judged) and _seen(self) == _seen(other)

    __hash__ = None

    def overlaid(self, settings: Mapping[str, Any]) -> Config:
        """Return the configuration with settings laid over the file. Raises ConfigError, as Config.overlaid does."""
        return _config(_ask({"written": self.__dict__["_written"], "settings": settings}))


def load(path: Path) -> Config:
    """Read and check a config file. Raises ConfigError as agent.config.load does."""
    return _config(_ask({"file": str(path.absolute())}))


def _config(answer: Mapping[str, Any]) -> Config:
    if "fault" in answer:
        raise ConfigError(answer["fault"])
    return cast("Config", JudgedConfig(answer["values"], answer["written"]))


def _ask(question: Mapping[str, Any]) -> Mapping[str, Any]:
    command = [sys.executable, "-P", "-m", "agent.judged"]
    text = orjson.dumps(question)
    try:
        child = subprocess.run(command, input=text, stdout=subprocess.PIPE, cwd="/", timeout=CHILD_S, check=True)
        return cast("Mapping[str, Any]", orjson.loads(child.stdout))
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        log.warning("event=judged_here reason=%r", str(error))
        return cast("Mapping[str, Any]", orjson.loads(_answer(question)))


def _answer(question: Mapping[str, Any]) -> bytes:
    from agent import config as models  # noqa: PLC0415 - costs a third of the agent's memory

    try:
        if "file" in question:
            found = models.load(Path(question["file"]))
        else:
            written = orjson.dumps(question["written"])
            found = models.Config.model_validate_json(written).overlaid(question["settings"])
    except ConfigError as error:
        return orjson.dumps({"fault": str(error)})
    return orjson.dumps({"values": _values(found), "written": found.model_dump(mode="json", exclude_unset=True)})


def _values(section: Any) -> dict[str, Any]:
    """Return what a section holds and what its properties say."""
    kind = type(section)
    told = [name for name, what in vars(kind).items() if isinstance(what, property)]
    return {name: _value(getattr(section, name)) for name in (*kind.model_fields, *told)}


def _value(value: Any) -> Any:
    if isinstance(value, Path):
        return {"": str(value)}
    if isinstance(value, tuple):
        return [_value(each) for each in value]
    return _values(value) if hasattr(value, "model_fields_set") else value


def _settled(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_settled(each) for each in value)
    if isinstance(value, dict):
        return Path(value[""]) if "" in value else Judged(value)
    return value


def _seen(config: Judged) -> dict[str, Any]:
    return {name: value for name, value in vars(config).items() if name != "_written"}


def main() -> int:
    """Answer one question from stdin."""
    sys.stdout.buffer.write(_answer(orjson.loads(sys.stdin.buffer.read())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
