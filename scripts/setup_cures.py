"""What a person can do about what pip said; standard library only."""

from __future__ import annotations

import os
from pathlib import Path

CA_VARIABLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
NO_TRUST = ("CERTIFICATE_VERIFY_FAILED", "SSLError", "SSLCertVerificationError")
NO_NETWORK = (
    *("Temporary failure in name resolution", "Name or service not known", "Network is unreachable", "Connection refused"),
    *("NewConnectionError", "ConnectTimeoutError", "ProxyError", "Read timed out", "No route to host"),
)
NO_COMPILER = ("gcc", "ffi.h", "Python.h", "compiler")
TRUST = """\
a proxy between here and the package index presents a certificate that is not trusted. Name the file of its CA (PEM), then the
same make command again:
  export PIP_CERT=/path/to/ca.pem REQUESTS_CA_BUNDLE=/path/to/ca.pem SSL_CERT_FILE=/path/to/ca.pem"""
NETWORK = """\
the package index cannot be reached.
  behind a proxy:   export https_proxy=http://proxy:port
  without network:  `python3 scripts/setup.py wheelhouse` on a machine like this one that has network; copy its folder
                    wheelhouse/ to {root}
  own cache:        PIP_FIND_LINKS=/folder/of/wheels PIP_NO_INDEX=1; a mirror: PIP_INDEX_URL"""
OTHER_WHEELS = """\
a package is not in {wheelhouse}, which was made for another Python, machine or version of Sinyal. Make it anew there
(`python3 scripts/setup.py wheelhouse`), or remove it to fetch from the network."""
COMPILER = """\
a package has no wheel for this machine and must be built: sudo apt-get install gcc python3-dev libffi-dev
(on ARM of 32 bit the agent needs that for cffi only; server, demo and tests are for 64 bit: see `make platforms`)"""
DISK = "the disk is full: the tests need 700 MB, the demo 300 MB; TMPDIR may name a folder on another disk"


def cure(said: str, root: Path, wheelhouse: Path) -> str:
    """Return what to do about what pip said."""
    if any(word in said for word in NO_TRUST):
        given = [f"{name}={os.environ[name]}" for name in CA_VARIABLES if name in os.environ]
        return TRUST + (f"\nset now, and not enough: {' '.join(given)}" if given else "")
    if any(word in said for word in NO_NETWORK):
        return NETWORK.format(root=root)
    if wheelhouse.is_dir() and "No matching distribution" in said:
        return OTHER_WHEELS.format(wheelhouse=wheelhouse)
    if "No space left" in said:
        return DISK
    if any(word in said for word in NO_COMPILER):
        return COMPILER
    return "pip failed"
