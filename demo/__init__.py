"""The whole line on one laptop: embedded broker and store, simulated halls with simulated modems. Nothing imports this."""
