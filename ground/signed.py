"""What the office signs for its halls: an Ed25519 signature beside a file, and the version that a wheel says of itself."""

from __future__ import annotations

import re
import zipfile
from email.parser import BytesHeaderParser
from io import BytesIO
from pathlib import Path

from ground.errors import ConfigError


def verify(wheel: bytes, signature: bytes, key_file: Path) -> None:
    """Check the signature of a wheel. Raises ConfigError when it is not by the office's key, or there is no key."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  (10 MB that nothing else on the Pi needs)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    try:
        key = load_pem_public_key(key_file.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{key_file}: no public key for updates ({error}); it comes with the bundle as update.pub") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{key_file}: is not an Ed25519 key; make it with `openssl genpkey -algorithm ed25519`")
    try:
        key.verify(signature, wheel)
    except InvalidSignature:
        raise ConfigError("the file is not signed with the office's key, or was changed since; nothing was installed") from None


def version_of(wheel: bytes) -> str:
    """Read the version from a wheel of sinyal. Raises ConfigError when it is no such wheel."""
    try:
        with zipfile.ZipFile(BytesIO(wheel)) as archive:
            name = next(n for n in archive.namelist() if re.fullmatch(r"sinyal-[^/]+\.dist-info/METADATA", n))
            with archive.open(name) as file:
                head = BytesHeaderParser().parsebytes(file.read(65_536))
    except (zipfile.BadZipFile, StopIteration, OSError, RuntimeError):
        raise ConfigError("this is no wheel of sinyal") from None
    return str(head.get("Version", ""))
