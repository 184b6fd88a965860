"""The one file for a fresh card: `user-data` on the FAT part of Raspberry Pi OS, which cloud-init reads at the first boot.

It holds the packages and the hall's bundle. A unit of its own repeats until everything is installed, so a power cut or a link
that comes late costs nothing but time; then the bundle is wiped from the card and cloud-init is switched off. Flash memory keeps
what was overwritten: whoever takes the card apart may still find the key, as in /etc/sinyal. A card that is lost is revoked.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

OURS = "#cloud-config\n# Sinyal,"
"""How the file begins; another one on a fresh card is the image's own."""
PLACE = "/var/lib/sinyal-card"
UNIT = """\
[Unit]
Description=Sinyal: set this hall up from its card
Wants=network-online.target
After=network-online.target
ConditionPathExists=/var/lib/sinyal-card/first.sh
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/bin/sh /var/lib/sinyal-card/first.sh
Restart=on-failure
RestartSec=60
TimeoutStartSec=1h

[Install]
WantedBy=multi-user.target
"""
FIRST = """\
#!/bin/sh
# Runs at every boot until it came to its end once; each step may be cut off at any point and done again.
set -eu
export DEBIAN_FRONTEND=noninteractive
here=/var/lib/sinyal-card
if ! dpkg-query -W -f '${Status}' sinyal-agent 2>/dev/null | grep -q 'ok installed'; then
    dpkg --configure -a
    apt-get update
    apt-get install -y --no-install-recommends "$here"/*.deb
fi
sinyal-agent install "$here"/*.sinyal --lang id
touch /etc/cloud/cloud-init.disabled
for fat in /boot/firmware /boot; do
    if [ -e "$fat/user-data" ]; then
        size=$(wc -c <"$fat/user-data")
        # Over itself: of a file that is cut to nothing first, FAT leaves the content where it lay.
        head -c "$size" /dev/zero | dd of="$fat/user-data" conv=notrunc status=none
        sync
        printf '#cloud-config\\n{}\\n' >"$fat/user-data"
        printf 'Sinyal: terpasang. / installed.\\n' >"$fat/sinyal.txt"
    fi
done
rm -rf /var/lib/cloud/instances /var/lib/cloud/instance
systemctl disable sinyal-first.service
rm -rf "$here"
sync
"""


def user_data(site: str, bundle: bytes, packages: Mapping[str, bytes]) -> str:
    """Return the cloud-init file of a hall: its bundle, the packages by file name, and what installs them."""
    secret, open_ = "0600", "0644"
    files = [
        _file(f"{PLACE}/{site}.sinyal", bundle, secret),
        *(_file(f"{PLACE}/{name}", content, open_) for name, content in sorted(packages.items())),
        _file(f"{PLACE}/first.sh", FIRST.encode(), open_),
        _file("/etc/systemd/system/sinyal-first.service", UNIT.encode(), open_),
    ]
    config: dict[str, Any] = {
        "hostname": f"sinyal-{site}",
        "timezone": "Asia/Makassar",
        "write_files": files,
        "runcmd": [
            ["systemctl", "daemon-reload"],
            ["systemctl", "enable", "sinyal-first.service"],
            ["systemctl", "start", "--no-block", "sinyal-first.service"],
        ],
    }
    return f"{OURS} {site}: SECRET, it holds the key of the hall.\n{json.dumps(config, indent=1)}\n"


def _file(path: str, content: bytes, mode: str) -> dict[str, str]:
    return {"path": path, "encoding": "b64", "content": base64.b64encode(content).decode(), "permissions": mode}
