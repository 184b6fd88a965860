"""What is done to the machine: install, update, status, finding modems, getting readings out by hand."""
