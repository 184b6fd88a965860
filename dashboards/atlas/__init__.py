"""The map that page and needs map draw: boundaries, their projection, and the halls on them, as SVG made on the server."""
