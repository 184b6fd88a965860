"""Who may speak: the small certificate authority, the bundle of a hall, and shutting a stolen Pi out."""
