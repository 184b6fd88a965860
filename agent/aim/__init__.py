"""`sinyal-agent aim`: a live meter while somebody turns the antenna."""
