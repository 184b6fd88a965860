"""One file per modem family: facts first, no I/O. The registry is the tuple in `registry.py`."""
