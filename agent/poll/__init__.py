"""One poll after the other: the session with a modem, its worker thread, and the recovery of a sick one."""
