"""Speed and size, printed as figures beside their targets; never a pass or a fail. `make bench`."""
