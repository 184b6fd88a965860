#!/bin/sh
# Sets the hall up from the bundle on the FAT part; at every boot and minute until it went well once, then the key is wiped there.
set -eu
for file in /boot/firmware/*.sinyal; do
    sinyal-agent install "$file" --lang id
    mount -o remount,rw /boot/firmware
    # Over itself: of a file that is only removed, FAT leaves the content where it lay.
    head -c "$(wc -c <"$file")" /dev/zero | dd of="$file" conv=notrunc,fsync status=none
    rm "$file"
    mount -o remount,ro /boot/firmware
done
