"""The program on the Pi: serial port to AT reply to reading to spool to MQTT."""
