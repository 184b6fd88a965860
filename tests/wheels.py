"""Small wheels of sinyal whose program is a few lines, for tests of updates."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from io import BytesIO


def wheel_of(version: str, program: str, requires: str = "") -> bytes:
    """Return a wheel whose `sinyal-agent` is `main` of a program; `requires`: further lines of its METADATA."""
    info = f"sinyal-{version}.dist-info"
    files = {
        "fake_agent.py": program,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: sinyal\nVersion: {version}\n{requires}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\nsinyal-agent = fake_agent:main\n",
    }
    rows = []
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(text.encode())}")
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,"]) + "\n"
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()
