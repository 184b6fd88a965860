"""The serial port and what stands behind it: USB device, network interface, and who else holds it."""
