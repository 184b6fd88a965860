"""`sinyal-dashboards publish`: puts folders, data source and dashboards into a Grafana; running it again is safe."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from collector.config import ClickHouseSection, Influx1Section, Influx2Section, StoreSection, load, secret
from collector.errors import ConfigError
from collector.server.program import language
from dashboards.grafana.context import DATASOURCE_UID, GENERATED, MAP_FILE, NATION, PLUGINS
from dashboards.grafana.port import Body, Grafana, RefusedError, connect
from ground.words import LANGUAGES, Lang, Phrase, Said, mark, phrase, said, tr

TOKEN = "SINYAL_GRAFANA_TOKEN"  # noqa: S105 - the name of the variable, not a token
DEFAULT_URL = "http://127.0.0.1:3000"
PUBLIC_MAPS = "/usr/share/grafana/public/maps"
"""Where Grafana's Debian package has its map files."""
DATASOURCE_NAME = "Sinyal InfluxDB"
FOLDERS = {"id": ("Sinyal (Bahasa Indonesia)", "sinyal-id"), "en": ("Sinyal (English)", "sinyal-en")}
"""Title and uid of the folder of each language."""
OWN_TO_GRAFANA = ("id", "version", "schemaVersion")
OK, INCOMPLETE, USAGE = 0, 1, 2
EPILOG = f"""\
The token is read from the environment only, so that it stands in no file and no list of processes:
  export {TOKEN}=glsa_...       a service account token; role Editor, with --config role Admin (data sources)

  sinyal-dashboards publish --dry-run
  sinyal-dashboards publish --url https://grafana.example.go.id --config /etc/sinyal/collector.toml
  sinyal-dashboards publish --lang id
  sinyal-dashboards publish --nation clickhouse --config /etc/sinyal/collector.toml   at a node above (docs/scale.md)

What already exists and is equal is left alone; a dashboard of ours that somebody changed in Grafana is set back, its old version
stays in Grafana's history. Without --config the data source is left alone: every dashboard lets its reader choose one.

exit: 0 published, or nothing to do; 1 Grafana cannot be reached or refused something; 2 bad usage, config or token
"""
TAKEN = (requests.codes.conflict, requests.codes.precondition_failed)
UNRESOLVED = "could not resolve"
"""What Grafana 12 says, with 500, to an Editor who asks for a folder that does not exist (grafana/grafana issue 109608)."""


VERBS = {
    "create": (mark("would create  {name}"), mark("created    {name}"), mark("the token may not create {name}")),
    "rename": (mark("would rename  {name}"), mark("renamed    {name}"), mark("the token may not rename {name}")),
    "update": (mark("would update  {name}"), mark("updated    {name}"), mark("the token may not update {name}")),
    "see": ("", "", mark("the token may not see {name}")),
}
"""What is said of each deed: in a dry run, when it is done, and when it is forbidden."""
ADMIN_LACKS = mark("{deed}: it lacks the right {right}, which role Admin has")
EDITOR_LACKS = mark("{deed}: it lacks the right {right}, which role Editor has")
MAP_GROUND = mark("once, on Grafana's machine, for the ground of the map: {command}")
NO_TOKEN = mark("{name}: not set; make a service account token in Grafana and export it (never on the command line)")
BAD_TOKEN = mark("Grafana does not accept the token (401); make a new service account token and export {name}")
NOT_GRAFANA = mark("{url} answers, but not as Grafana does; check the address and its path")
TAKEN_NAME = mark("Grafana refused: {reason} (something else has this name; rename or delete it in Grafana)")


class Publisher:
    """Puts things into one Grafana. Prints in `lang` what it does with each; writes nothing when `dry`.

    Raises RefusedError, and requests.RequestException. What cannot be seen may not be there: to an Editor who asks for a
    folder that does not exist a Grafana says 403 or 500, as for one that is hidden. So it is made, and Grafana says whether
    it was there.
    """

    def __init__(self, grafana: Grafana, *, dry: bool, lang: Lang) -> None:
        self._grafana, self._dry, self._lang = grafana, dry, lang

    def folder(self, uid: str, title: str) -> None:
        """Make a folder, or give it its title again."""
        grafana, name = self._grafana, phrase("folder {title}", title=title)
        found = self._find(name, "folders:read", lambda: grafana.folder(uid))
        if not isinstance(found, dict):
            self._do(name, "create", "folders:create", lambda: grafana.create_folder(uid, title), hidden=found)
        elif found.get("title") != title:
            self._do(name, "rename", "folders:write", lambda: grafana.rename_folder(uid, title))
        else:
            self._say(mark("unchanged  {name}"), name)

    def datasource(self, wanted: Body) -> None:
        """Make the data source, or set it right. Grafana never shows a secret: with one it is always written again."""
        grafana, uid, name = self._grafana, wanted["uid"], phrase("data source {title}", title=wanted["name"])
        shown = {key: value for key, value in wanted.items() if key != "secureJsonData"}
        found = self._find(name, "datasources:read", lambda: grafana.datasource(uid))
        if not isinstance(found, dict):
            self._do(name, "create", "datasources:create", lambda: grafana.create_datasource(wanted), hidden=found)
            if not self._dry and not _contains(grafana.datasource(uid), shown):  # 9.4 forgets `database` when it creates one
                self._do(name, "update", "datasources:write", lambda: grafana.update_datasource(uid, wanted))
        elif "secureJsonData" in wanted or not _contains(found, wanted):
            self._do(name, "update", "datasources:write", lambda: grafana.update_datasource(uid, wanted))
        else:
            self._say(mark("unchanged  {name}"), name)

    def dashboard(self, model: Body, folder_uid: str) -> None:
        """Make a dashboard, or set it right."""
        grafana, name = self._grafana, phrase("dashboard {title} ({uid})", title=model["title"], uid=model["uid"])
        found = self._find(name, "dashboards:read", lambda: grafana.dashboard(model["uid"]))
        body = {
            "dashboard": {**model, "id": None},
            "folderUid": folder_uid,
            "overwrite": True,
            "message": "sinyal-dashboards publish",
        }
        if not isinstance(found, dict):
            self._do(name, "create", "dashboards:create", lambda: grafana.save_dashboard(body), hidden=found)
        elif found.get("meta", {}).get("folderUid") != folder_uid or not _contains(found["dashboard"], model):
            self._do(name, "update", "dashboards:write", lambda: grafana.save_dashboard(body))
        else:
            self._say(mark("unchanged  {name}"), name)

    def _find(self, name: Phrase, right: str, ask: Callable[[], Body]) -> Body | RefusedError | None:
        """Return what is there; None where nothing is; where it may be hidden, the error that says so."""
        try:
            return ask()
        except RefusedError as error:
            if error.status == requests.codes.not_found:
                return None
            if error.status == requests.codes.forbidden or UNRESOLVED in str(error):
                return _lacking(error, "see", name, right)
            raise

    def _do(self, name: Phrase, verb: str, right: str, act: Callable[[], object], hidden: RefusedError | None = None) -> None:
        if self._dry:
            self._say(VERBS[verb][0], name)
            return
        try:
            act()
        except RefusedError as error:
            if error.status == requests.codes.forbidden:
                raise _lacking(error, verb, name, right) from error
            if hidden is not None and error.status in TAKEN:
                raise hidden from error
            raise
        self._say(VERBS[verb][1], name)

    def _say(self, what: str, name: Phrase) -> None:
        print(tr(what, self._lang, name=name))


def _lacking(error: RefusedError, verb: str, name: Phrase, right: str) -> RefusedError:
    _, told, needed = str(error).partition("Permissions needed: ")
    lacks = ADMIN_LACKS if right.startswith("datasources:") else EDITOR_LACKS
    deed = phrase(VERBS[verb][2], name=name)
    return RefusedError(error.status, phrase(lacks, deed=deed, right=needed.strip() if told else right))


def _contains(found: Any, wanted: Any) -> bool:
    """Return whether everything that we want is there; Grafana adds defaults of its own."""
    if isinstance(wanted, Mapping):
        keys = [key for key in wanted if key not in OWN_TO_GRAFANA]
        return isinstance(found, Mapping) and all(_contains(found.get(key), wanted[key]) for key in keys)
    if isinstance(wanted, list):
        same = isinstance(found, list) and len(found) == len(wanted)
        return same and all(_contains(a, b) for a, b in zip(found, wanted, strict=True))
    return bool(found == wanted)


def datasource_of(store: StoreSection, url: str | None = None) -> Body:
    """Describe the collector's store as a data source; `url` where Grafana reaches it by another address. Raises ConfigError."""
    common: Body = {"uid": DATASOURCE_UID, "name": DATASOURCE_NAME, "type": "influxdb", "access": "proxy"}
    options = {"version": "InfluxQL", "httpMode": "POST", "timeInterval": "30s"}
    if isinstance(store, Influx1Section):
        password = secret(store.password_file, "SINYAL_STORE_PASSWORD")
        body = {**common, "url": url or store.url, "database": store.database, "user": store.username or ""}
        body["jsonData"] = {**options, "dbName": store.database}
        return {**body, "secureJsonData": {"password": password}} if password else body
    if isinstance(store, Influx2Section):
        token = secret(store.token_file, "SINYAL_STORE_TOKEN")
        if not token:
            raise ConfigError("store.token_file: missing; name the file with the token, or set SINYAL_STORE_TOKEN")
        headers = {"httpHeaderName1": "Authorization"}
        body = {**common, "url": url or store.url, "database": store.bucket}
        body["jsonData"] = {**options, "dbName": store.bucket, **headers}
        return {**body, "secureJsonData": {"httpHeaderValue1": f"Token {token}"}}
    if isinstance(store, ClickHouseSection):
        return _clickhouse(store, url or store.urls[0])
    raise ConfigError("store.engine: these dashboards read InfluxDB alone; publish without --config, or use influx1 or influx2")


def _clickhouse(store: ClickHouseSection, url: str) -> Body:
    place = urlsplit(url)
    secure = place.scheme == "https"
    options = {"host": place.hostname, "port": place.port or (443 if secure else 80), "protocol": "http", "secure": secure}
    options |= {"username": store.username or "default", "defaultDatabase": store.database}
    body: Body = {"uid": "sinyal-clickhouse", "name": "Sinyal ClickHouse", "type": PLUGINS["clickhouse"], "access": "proxy"}
    password = secret(store.password_file, "SINYAL_STORE_PASSWORD")
    return {**body, "jsonData": options} | ({"secureJsonData": {"password": password}} if password else {})


def dashboards(language: str, nation: str | None = None) -> Iterator[Body]:
    """Yield the dashboards of a language as they were generated; with a dialect the one of a node above in their place."""
    found = GENERATED.glob(f"{language}/*.json") if nation is None else (GENERATED / NATION / f"{language}-{nation}.json",)
    for path in sorted(found):
        yield json.loads(path.read_text(encoding="utf-8"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `sinyal-dashboards publish`."""
    parser.description = (
        "Puts the Sinyal dashboards into a Grafana (9.4 to 13), with their folders and, with --config, the data source."
    )
    parser.epilog = EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--url", default=DEFAULT_URL, help=f"address of Grafana, with its path if it has one (default {DEFAULT_URL})"
    )
    parser.add_argument("--config", "-c", type=Path, metavar="FILE", help="collector.toml: make its store the data source")
    parser.add_argument(
        "--nation",
        choices=list(PLUGINS),
        help="at a node above: publish the board of its regencies alone, as the database there is asked",
    )
    parser.add_argument("--store-url", metavar="URL", help="address of the store as Grafana reaches it")
    parser.add_argument(
        "--lang",
        choices=(*LANGUAGES, "both"),
        default="both",
        help="which dashboards, and in which language to say what is done (default both, and by the locale)",
    )
    parser.add_argument("--dry-run", action="store_true", help="ask Grafana and say what would be done; write nothing")


def run(args: argparse.Namespace) -> int:
    """Publish as the arguments say; return the exit code."""
    lang = language(args)
    why: Said
    try:
        url, token = _address(args.url), _token()
        source = _source(args) if args.config else None
        _publish(Publisher(connect(url, token), dry=args.dry_run, lang=lang), source, args.lang, args.nation)
        if args.nation is None:
            print(tr(MAP_GROUND, lang, command=f"sudo cp {GENERATED / MAP_FILE} {PUBLIC_MAPS}/"))
    except ConfigError as error:
        why, code = error, USAGE
    except RefusedError as error:
        why, code = _refusal(error)
    except requests.exceptions.JSONDecodeError:
        why, code = phrase(NOT_GRAFANA, url=args.url), INCOMPLETE
    except requests.RequestException as error:
        why, code = phrase("Grafana cannot be reached at {url}: {reason}", url=args.url, reason=str(error)), INCOMPLETE
    else:
        return OK
    print(f"sinyal-dashboards publish: {said(why, lang)}", file=sys.stderr)
    return code


def _source(args: argparse.Namespace) -> Body:
    found = datasource_of(load(args.config).store, args.store_url)
    if args.nation is None and found["type"] == PLUGINS["clickhouse"]:
        raise ConfigError("store.engine: on ClickHouse there is the board of a node above alone: add --nation clickhouse")
    return found


def _token() -> str:
    token = os.environ.get(TOKEN, "").strip()
    if not token:
        raise ConfigError(phrase(NO_TOKEN, name=TOKEN))
    return token


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ConfigError(f"--url: must be an address such as {DEFAULT_URL} (got {url})")
    return url


def _publish(grafana: Publisher, source: Body | None, language: str, nation: str | None) -> None:
    if source is not None:
        grafana.datasource(source)
    for one in LANGUAGES if language == "both" else (language,):
        title, uid = FOLDERS[one]
        grafana.folder(uid, title)
        for model in dashboards(one, nation):
            grafana.dashboard(model, uid)


def _refusal(error: RefusedError) -> tuple[Said, int]:
    """Return the words for an answer that says no, and the exit code."""
    if error.status == requests.codes.unauthorized:
        return phrase(BAD_TOKEN, name=TOKEN), USAGE
    if error.status == requests.codes.forbidden:
        return error, USAGE
    if error.status in TAKEN:
        return phrase(TAKEN_NAME, reason=error), INCOMPLETE
    return phrase("Grafana refused: {reason}", reason=error), INCOMPLETE
