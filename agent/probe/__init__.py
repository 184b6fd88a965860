"""Active measurements through each modem's network interface: round trips, name look-ups, a bounded download."""
