"""What set-up says when pip cannot: real pip against a TLS server that nobody trusts, against nobody, and a lacking wheel."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from lab.certificates import Authority
from lab.servers import free_port
from scripts import setup_python
from scripts.setup_base import SetupError
from scripts.setup_cures import cure


@pytest.fixture
def inspected(tmp_path: Path) -> Iterator[str]:
    """Serve an index as a proxy that inspects TLS does: with a certificate of its own CA."""
    pair = Authority(tmp_path / "ca").issue("server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.cert, pair.key)
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_address[1]}/simple"
        server.shutdown()


def refusal(folder: Path, *words: str) -> str:
    with pytest.raises(SetupError) as raised:
        setup_python.pip("download", "--no-deps", "--dest", str(folder), *words, "orjson==0.0.1")
    return str(raised.value)


@pytest.fixture(autouse=True)
def no_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")


def test_behind_a_proxy_that_inspects_tls_the_variables_for_its_ca_are_named(
    tmp_path: Path, inspected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = refusal(tmp_path, "--index-url", inspected)
    assert "export PIP_CERT=/path/to/ca.pem REQUESTS_CA_BUNDLE=/path/to/ca.pem SSL_CERT_FILE=/path/to/ca.pem" in said
    assert "set now" not in said
    other = Authority(tmp_path / "other").cert
    monkeypatch.setenv("PIP_CERT", str(other))
    assert f"set now, and not enough: PIP_CERT={other}" in refusal(tmp_path, "--index-url", inspected)


def test_without_network_it_says_what_it_takes_instead(tmp_path: Path) -> None:
    said = refusal(tmp_path, "--index-url", f"http://127.0.0.1:{free_port()}/simple")
    for word in ("https_proxy", "scripts/setup.py wheelhouse", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_INDEX_URL"):
        assert word in said


def test_a_wheelhouse_is_taken_and_one_that_lacks_something_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup_python, "WHEELHOUSE", tmp_path / "wheelhouse")
    assert setup_python.from_wheelhouse() == ()
    (tmp_path / "wheelhouse").mkdir()
    said = refusal(tmp_path, *map(str, setup_python.from_wheelhouse()))
    assert f"a package is not in {tmp_path}/wheelhouse, which was made for another Python" in said


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("error: command 'gcc' failed: No such file or directory", "apt-get install gcc"),
        ("OSError: [Errno 28] No space left on device", "TMPDIR"),
        ("ERROR: something else", "pip failed"),
    ],
)
def test_other_causes(said: str, word: str, tmp_path: Path) -> None:
    assert word in cure(said, tmp_path, tmp_path / "none")
