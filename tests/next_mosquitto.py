"""Mosquitto as Debian will bring it next (2.1 in sid), for `make test-engines`: a small root of sid, beside the other engines.

Needs root and debootstrap. The program runs from that root by its own loader, on this machine's files and ports.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from scripts.engines import CACHE

ROOT = CACHE / "debian-sid"
PROGRAM = ROOT.with_name("mosquitto-next") / "mosquitto"
SUITE = "sid"
LIBRARIES = ":".join(str(ROOT / folder) for folder in ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"))


def next_mosquitto() -> Path | None:
    """Return the folder to put before the PATH; None, said, where it cannot be had."""
    if not PROGRAM.exists():
        if (tool := shutil.which("debootstrap", path="/usr/sbin:/usr/bin")) is None:
            print("NO next Mosquitto: install debootstrap", flush=True)
            return None
        shutil.rmtree(ROOT, ignore_errors=True)
        argv = [tool, "--variant=minbase", "--include=mosquitto", SUITE, str(ROOT)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"NO next Mosquitto: debootstrap ended with {done.returncode}: {done.stdout[-300:]}", flush=True)
            return None
        PROGRAM.parent.mkdir(exist_ok=True)
        loader = ROOT / "lib64/ld-linux-x86-64.so.2"
        PROGRAM.write_text(f'#!/bin/sh\nexec {loader} --library-path {LIBRARIES} {ROOT}/usr/sbin/mosquitto "$@"\n')
        PROGRAM.chmod(0o755)
    return PROGRAM.parent
