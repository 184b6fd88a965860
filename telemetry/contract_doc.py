"""What is generated from the contract: `python -m telemetry.contract_doc [--check]`. Exit 1 when a file is stale.

CONTRACT.md, and in config/mosquitto.acl the lines that say what a hall may publish and read.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from string import Template

from telemetry import settings
from telemetry.frame import AHEAD_MS, MAX_INFLATED_BYTES, MAX_PAYLOAD_BYTES, MAX_SAMPLES, Sample, encode_json, pack
from telemetry.streams import STREAMS, Clock, Field, fields
from telemetry.topics import HALL_READS, HALL_WRITES, ROOT

PATH = Path(__file__).with_name("CONTRACT.md")
ACL = PATH.parents[1] / "config" / "mosquitto.acl"

_HEAD = Template("""# Contract v1

Generated from `telemetry/` by `python -m telemetry.contract_doc`; `make check` fails when it is stale.

## Topics (MQTT 3.1.1)

| topic | from | what |
|---|---|---|
| `$root/SITE/STREAM` | agent | frames of a stream: $streams |
| `$root/SITE/ack` | collector | answers to frames |
| `$root/SITE/status` | agent | `online` / `offline`, retained, also the last will |
| `$root/SITE/config` | server | desired settings, retained |
| `$root/SITE/reported` | agent | settings in force |
| `$root/SITE/identity` | agent | the certificate in use, and a request for the next one, retained |
| `$root/SITE/trust` | server | a new certificate, authorities to believe, retained until the hall has them |
| `$root/SITE/release` | server | a version to take, retained (`telemetry/release.py`) |

SITE is a village code without dots (`6408012001`) or 1..32 of `a-z`, `0-9`, `-`.

## Frame

A JSON object: `v` (1), `site`, `inst` (installation that numbered the samples, 8..16 of 0-9 and a-f), `stream`, `modem`
(absent when the sample is of the site itself), `seq` [first, count], `dseq` (steps between numbers, absent when all are 1), `t0`
(UTC, ms), `dt` (steps between times, ms), `const` (values that all share), `cols` (one value a sample, `null` where absent).
When it is smaller the whole is deflated (zlib, preset dictionary `telemetry/dictionary_v1.txt`): a first byte `{` is JSON, 0x78
is zlib. At most $payload bytes on the wire, $inflated inflated, $samples samples.

```json
$example
```

`seq` numbers the samples of an installation over all streams, is never reset, and with the time makes a point unique: the
store's time is `t` in ns plus (`seq` + `inst` as a number) modulo 1,000,000, so that a frame sent twice overwrites itself, cells
of one poll do not collide, and two installations that call themselves one site do not overwrite each other.

`inst` comes from the hardware, the data folder and a number drawn when the spool was made: a cloned card and a new card differ.

## Answer

`{"v":1,"ok":[crc],"bad":[[first,count,crc,"reason"]],"hold":[…],"clock":[…],"t":ms,"inst":"…","ask":n,"top":seq}`, each key
only where it says something. `crc` is the CRC-32 of the payload as sent and is what an agent matches.

- `ok` is in the store: the agent deletes it. `bad` can never be stored: it quarantines it. `hold` is to be kept and tried
  again much later (unknown site). `clock` lies more than $ahead s after its receipt, so it was not stored: the agent corrects its
  clock by `t`, the collector's UTC, dates the samples anew and sends them again. A frame without `inst` gets `bad` instead.
- A status `{"v":1,"state":"online","boot":…,"agent":…,"inst":…,"ask":n}` is answered with `t`, and as soon as the store says
  it with `top`: the highest seq stored of that installation, or of the whole site for an installation that is new there.
  `inst` and `ask` come back, so that the answer finds its question and its round trip can be measured. Frames leave when `top`
  is known, and numbers go on above it, so an old image put back or a new card never gives a number out twice.
- `up_s` in a status: how many seconds after its boot the hall opened this connection. An `offline`, the last will of a connection
  that stayed half open at another broker, counts only where no later `online` of the hall is known.

## Compatibility

- Allowed within v1: a new optional field, a new stream, a new word of an enumeration, a new key. Readers ignore the unknown.
- A renamed, retyped, re-united or redefined field is v2: another `v`, another topic root, both read side by side.
- `tests/golden/v1/` decodes for ever. The preset dictionary never changes.
- An implausible number, an unknown word or a text without its form is left out and counted; a wrong type or shape makes the
  whole frame `bad` with a reason.
- An absent value is absent: never 0, never a sentinel.

## Streams

Every sample also has `clock`, how its time was found: $clocks.
""")


def _example() -> str:
    rows = [("ntp", -97.0), ("ntp", -98.5)]
    samples = [
        Sample(
            101 + i,
            1_790_000_000_000 + 30_000 * i,
            clock,
            {"registration": "home", "rat": "lte", "plmn": "51010", "rsrp_dbm": rsrp},
        )
        for i, (clock, rsrp) in enumerate(rows)
    ]
    return encode_json(pack("6408012001", "signal", "m1", samples, "91742063")).decode()


def _row(field: Field) -> str:
    meta = field.meta
    span = "" if meta.low is None or meta.high is None else f"{meta.low:g} … {meta.high:g}"
    form = f"`{meta.pattern}`" if meta.pattern else ""
    values = " \\| ".join(field.choices) or span or form
    example = "" if meta.example is None else f"`{meta.example}`"
    return f"| `{field.name}` | {field.type.__name__} | {meta.unit} | {values} | {meta.about} | {meta.source} | {example} |"


def _section(stream: str) -> str:
    doc = " ".join((inspect.getdoc(STREAMS[stream]) or "").split())
    head = "| field | type | unit | values | meaning | source | example |\n|---|---|---|---|---|---|---|"
    return "\n".join([f"### {stream}", "", doc, "", head, *(_row(f) for f in fields(stream).values()), ""])


def _settings() -> str:
    doc = inspect.getdoc(settings) or ""
    keys = [f"- `{section}`: {', '.join(f'`{key}`' for key in names)}" for section, names in settings.KEYS.items()]
    states = f"States of an answer: {', '.join(settings.State)}."
    return "\n".join(["## Desired settings", "", doc, "", *keys, "", states, ""])


def render() -> str:
    """Write the contract as Markdown."""
    head = _HEAD.substitute(
        root=ROOT,
        streams=", ".join(STREAMS),
        payload=MAX_PAYLOAD_BYTES,
        inflated=MAX_INFLATED_BYTES,
        samples=MAX_SAMPLES,
        ahead=AHEAD_MS // 1000,
        example=_example(),
        clocks=", ".join(Clock),
    )
    return "\n".join([head, *(_section(stream) for stream in STREAMS), _settings()])


def render_acl(text: str) -> str:
    """Return the broker's access list with its lines for halls written anew; all other lines stay."""
    halls = [f"pattern {may} {ROOT}/%u/{kind}" for may, kinds in (("write", HALL_WRITES), ("read", HALL_READS)) for kind in kinds]
    lines = text.splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith("pattern "))
    others = [line for line in lines if not line.startswith("pattern ")]
    return "\n".join([*others[:place], *halls, *others[place:], ""])


def main() -> int:
    """Write the files, or with --check compare them."""
    stale = []
    for path, text in ((PATH, render()), (ACL, render_acl(ACL.read_text(encoding="utf-8")))):
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(str(path))
        if "--check" not in sys.argv[1:]:
            path.write_text(text, encoding="utf-8")
    if not stale or "--check" not in sys.argv[1:]:
        return 0
    sys.stderr.write(f"{', '.join(stale)}: stale; run python -m telemetry.contract_doc\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
