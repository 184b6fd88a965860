"""What `sinyal-agent install` writes into the system, as text. config/systemd/ shows the units; a test keeps the two the same."""

from __future__ import annotations

from collections.abc import Iterable

AGENT_UNIT = """\
# Sinyal on the Pi of a hall; `sinyal-agent install` writes it. Exposure by `systemd-analyze security`: see docs/security.md.
[Unit]
Description=Sinyal agent: measures the signal of this hall's modems
After=network.target
StartLimitIntervalSec=0

[Service]
Type=exec
User=sinyal
Group=sinyal
SupplementaryGroups=dialout
ExecStart=/opt/sinyal/current/bin/sinyal-agent run --config /etc/sinyal/agent.toml
Restart=always
RestartSec=5
StateDirectory=sinyal
StateDirectoryMode=0755
UMask=0022
MemoryMax=200M
TasksMax=64
OOMScoreAdjust=-500
LogRateLimitIntervalSec=60
LogRateLimitBurst=200

# No rights but its own; ping needs none, as net.ipv4.ping_group_range names its group.
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
ProtectHostname=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
KeyringMode=private
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
# Serial ports and nothing else below /dev.
DevicePolicy=closed
DeviceAllow=char-ttyUSB rw
DeviceAllow=char-ttyACM rw
DeviceAllow=char-ttyAMA rw
DeviceAllow=char-ttyS rw
# Recovery of a hung modem writes the file `authorized` of its USB device, which a udev rule gives to dialout.
ProtectKernelTunables=yes
ReadWritePaths=-/sys/devices
# The clock is read with adjtimex, which ProtectClock would forbid; without capabilities it cannot be set.
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallFilter=adjtimex clock_adjtime

[Install]
WantedBy=multi-user.target
"""

UPDATE_UNIT = """\
# Sinyal on the Pi of a hall; `sinyal-agent install` writes it. Runs the version before, which is known to work, and keeps a new
# one only when it reports. Enabled, so that a power cut in the middle of a trial does not leave the hall with a broken version.
[Unit]
Description=Sinyal: keep a new version only when it reports
ConditionPathExists=/opt/sinyal/trial.json
After=sinyal-agent.service

[Service]
Type=exec
ExecStart=/opt/sinyal/previous/bin/sinyal-agent update --watch

[Install]
WantedBy=multi-user.target
"""

SYSUSERS = """\
# Sinyal: the user of the service, with the right to serial ports.
u sinyal - "Sinyal agent" /var/lib/sinyal
m sinyal dialout
"""

JOURNALD = """\
# Sinyal: the journal may not fill the card, nor wear it with years of history.
[Journal]
SystemMaxUse=64M
RuntimeMaxUse=16M
MaxRetentionSec=3month
"""

SYSCTL = """\
# Sinyal: its group may open ICMP sockets for echo, so that probes need no privilege.
net.ipv4.ping_group_range = {gid} {gid}
"""


def udev_rules(vendors: Iterable[str]) -> str:
    """Return the rules that let the service restart a hung modem of these USB vendors.

    ModemManager is left as it is: where it carries the uplink, keeping it off would cut the hall off.
    """
    lines = ["# Sinyal: the service may restart a hung modem through the file `authorized` of its USB device."]
    run = ", ".join(f'RUN+="/bin/{command} /sys%p/authorized"' for command in ("chgrp dialout", "chmod g+w"))
    match = 'ACTION=="add", SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device"'
    return "\n".join([*lines, *(f'{match}, ATTR{{idVendor}}=="{vendor}", {run}' for vendor in sorted(set(vendors))), ""])
