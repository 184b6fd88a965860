"""The few things that publishing asks of a Grafana, by uid alone; a package for each generation of Grafana answers them.

grafana-api is archived and knows Grafana 9 to 11. grafana-client, its kept successor with the same calls, is asked where Grafana
is newer or hides its version. We take its 3.x: later ones bring niquests, whose urllib3-future puts itself in the place of the
urllib3 that the collector stands on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
from grafana_api import grafana_api as archived
from grafana_api.grafana_face import GrafanaFace
from grafana_client import GrafanaApi
from grafana_client import client as kept

from ground.errors import SinyalError
from ground.words import Said

TIMEOUT_S = 20.0
SUCCESSOR_FROM = 12
"""The first major version of Grafana that grafana-client is asked for."""
Body = dict[str, Any]


class RefusedError(SinyalError):
    """Grafana answered with an error: `status` of HTTP, and what it said."""

    def __init__(self, status: int, what: Said) -> None:
        super().__init__(what)
        self.status = status


class Grafana:
    """One Grafana. Every call raises RefusedError, or requests.RequestException where it cannot be reached."""

    def __init__(self, url: str, token: str, version: str) -> None:
        parts = urlsplit(url)
        path = parts.path.strip("/")
        place = {"host": parts.netloc, "protocol": parts.scheme, "url_path_prefix": f"{path}/" if path else ""}
        major = version.partition(".")[0]
        self._package: Any
        if major.isdecimal() and int(major) < SUCCESSOR_FROM:
            self._package = GrafanaFace(token, timeout=TIMEOUT_S, **place)
            self._plain = self._package.api
        else:
            self._package = GrafanaApi(token, timeout=TIMEOUT_S, **place)
            self._plain = self._package.client
        self._plain.s.trust_env = False  # a proxy of the user's session has no place between us and Grafana

    def folder(self, uid: str) -> Body:
        """Return a folder."""
        return _asked(lambda: self._package.folder.get_folder(uid))

    def create_folder(self, uid: str, title: str) -> None:
        """Make a folder."""
        _asked(lambda: self._package.folder.create_folder(title, uid))

    def rename_folder(self, uid: str, title: str) -> None:
        """Give a folder another title."""
        _asked(lambda: self._package.folder.update_folder(uid, title, overwrite=True))

    def datasource(self, uid: str) -> Body:
        """Return a data source. Its number, which grafana-api goes by, is gone from Grafana 13."""
        return _asked(lambda: self._plain.GET(f"/datasources/uid/{uid}"))

    def create_datasource(self, body: Body) -> None:
        """Make a data source."""
        _asked(lambda: self._package.datasource.create_datasource(body))

    def update_datasource(self, uid: str, body: Body) -> None:
        """Set a data source right."""
        _asked(lambda: self._plain.PUT(f"/datasources/uid/{uid}", json=body))

    def dashboard(self, uid: str) -> Body:
        """Return a dashboard with its `meta`."""
        return _asked(lambda: self._package.dashboard.get_dashboard(uid))

    def save_dashboard(self, body: Body) -> None:
        """Make a dashboard, or write over it."""
        _asked(lambda: self._package.dashboard.update_dashboard(body))


def connect(url: str, token: str) -> Grafana:
    """Return the Grafana at an address, asked through the package for its version. Raises requests.RequestException."""
    with requests.Session() as session:
        session.trust_env = False
        told = session.get(f"{url.rstrip('/')}/api/health", timeout=TIMEOUT_S).json()
    return Grafana(url, token, str(told.get("version", "")) if isinstance(told, dict) else "")


def _asked(ask: Callable[[], Body]) -> Body:
    try:
        return ask()
    except (archived.GrafanaException, kept.GrafanaException) as error:
        raise RefusedError(error.status_code, error.message) from error
