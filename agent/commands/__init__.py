"""One file per AT command: its text and a pure `parse` of its reply."""
