"""One destination: sends a text by apprise, bounded in time, and says why it failed without repeating any secret.

Apprise logs addresses with their tokens at debug level, and urllib3 their paths; both are kept out of our log here.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping
from urllib.parse import quote, unquote

import apprise

from collector.notify.config import DestinationSection
from collector.notify.formats import Text

HEADED = ("json", "jsons", "form", "forms", "xml", "xmls", "mailto", "mailtos")
"""Schemes that carry headers of our own; of these the webhooks take fields in the body too."""
TYPES = {"info": apprise.NotifyType.INFO, "warning": apprise.NotifyType.WARNING, "critical": apprise.NotifyType.FAILURE}
ASSET = apprise.AppriseAsset(app_id="Sinyal", app_desc="Sinyal", app_url="", storage_mode="memory")
# A part that a person may read in a log is shorter; host and path of an open webhook are masked as well, which costs little.
SECRET_LENGTH = 5
MAX_REASON = 200


class _Reasons(logging.Handler):
    """Keeps the last warning that apprise gave in this thread: its only way to say why a message was not taken."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._local = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        self._local.text = record.getMessage()

    def take(self) -> str:
        text: str = getattr(self._local, "text", "")
        self._local.text = ""
        return text


REASONS = _Reasons()


def contain_logging() -> None:
    """Keep what apprise and urllib3 log about addresses out of every log of this process."""
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    if REASONS not in logger.handlers:
        logger.addHandler(REASONS)
    logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


class Channel:
    """A destination that can be sent to. Raises ValueError, without the address, where apprise cannot use the address."""

    def __init__(self, name: str, section: DestinationSection) -> None:
        contain_logging()
        self.name = name
        self.form = section.form
        self.lang = section.lang
        self.segments = section.segments
        self._timeout_s = section.timeout_s
        self._url = section.secret()
        self._scheme = self._url.partition("://")[0].lower()
        self._secrets = _secrets(self._url)
        plugin = self._plugin(self._url)
        if len(plugin) > 1:
            raise ValueError("names more than one recipient, or retry=; make one [destination.NAME] for each recipient")

    def send(self, text: Text, severity: str, marks: Mapping[str, str]) -> str | None:
        """Send; return None when it was taken, else the reason. `marks` go along where the channel has room for them.

        Blocks for at most some multiples of the time-out. A repeated message has the same marks: receivers can drop it.
        """
        plugin = self._plugin(self._url + self._marked(marks))
        kind = TYPES.get(severity, apprise.NotifyType.INFO)
        REASONS.take()
        try:
            taken = plugin.notify(title=text.title, body=text.body, notify_type=kind, body_format=apprise.NotifyFormat.TEXT)
        except Exception as error:  # noqa: BLE001 - 180 plugins of others: whatever one of them raises is a message not taken
            return self.mask(f"{type(error).__name__}: {error}")
        return None if taken else self.mask(REASONS.take() or "not taken; the service gave no reason")

    def mask(self, text: str) -> str:
        """Return the text with every part of the address replaced, on one line."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return " ".join(text.split())[:MAX_REASON]

    def _plugin(self, url: str) -> apprise.NotifyBase:
        plugin = apprise.Apprise.instantiate(url, asset=ASSET)
        if plugin is None:
            reason = self.mask(REASONS.take())
            scheme = self._scheme if re.fullmatch(r"[a-z0-9]{1,20}", self._scheme) else "none"
            raise ValueError(f"is not an address that apprise can use (scheme {scheme}): {reason}; see its page for the service")
        plugin.socket_connect_timeout = plugin.socket_read_timeout = self._timeout_s
        return plugin

    def _marked(self, marks: Mapping[str, str]) -> str:
        if self._scheme not in HEADED:
            return ""
        pairs = [f"%2BX-Sinyal-{key.capitalize()}={quote(value, safe='')}" for key, value in marks.items()]
        if not self._scheme.startswith("mailto"):
            pairs += [f"%3A{key}={quote(value, safe='')}" for key, value in marks.items()]
        return ("&" if "?" in self._url else "?") + "&".join(pairs)


def _secrets(url: str) -> list[str]:
    """Return the parts of an address that must not be shown, the longest first."""
    rest = url.partition("://")[2]
    parts = {url, rest, *re.split(r"[/:@?&=,]", rest)}
    parts |= {unquote(part) for part in parts}
    return sorted((part for part in parts if len(part) >= SECRET_LENGTH), key=len, reverse=True)
