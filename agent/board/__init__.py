"""The board itself: mains and battery, clock chip, card. Takes what the kernel or a chip says; what cannot be read is absent."""
