#!/bin/sh
# Who this card is: drawn once, on the data partition; over the file that systemd keeps in memory while the root is read-only.
set -eu
id=/data/etc/machine-id
if [ ! -s "$id" ]; then
    tr -d - </proc/sys/kernel/random/uuid >"$id.new"
    sync "$id.new"
    mv "$id.new" "$id"
    sync /data/etc
fi
mount --bind -o ro "$id" /etc/machine-id
