"""E-UTRA bands by model, for modems that do not tell theirs: from the makers' hardware design documents and product pages.

A model that is not here has no bands: a guess would call an operator measurable that the modem cannot hear.
"""

from __future__ import annotations

import re

_TABLE: tuple[tuple[str, tuple[int, ...]], ...] = (
    (r"EC25-?AU", (1, 2, 3, 4, 5, 7, 8, 28, 40)),
    (r"EC25-?EUX", (1, 3, 7, 8, 20, 28, 38, 40, 41)),
    (r"EC25-?E(?![A-Z])|EC25EF", (1, 3, 5, 7, 8, 20, 38, 40, 41)),
    (r"EG25-?G", (1, 2, 3, 4, 5, 7, 8, 12, 13, 18, 19, 20, 25, 26, 28, 38, 39, 40, 41)),
    (r"EC21-?E(?![A-Z])|EC21EF", (1, 3, 5, 7, 8, 20)),
    (r"EC200A-?EU|EC200AEU", (1, 3, 5, 7, 8, 20, 28, 38, 40, 41)),
    (r"SIM7600E-H", (1, 3, 5, 7, 8, 20, 38, 40, 41)),
    (r"SIM7600G-H", (1, 2, 3, 4, 5, 7, 8, 12, 13, 18, 19, 20, 25, 26, 28, 34, 38, 39, 40, 41, 66)),
    (r"SIM7600SA-H", (1, 2, 3, 4, 5, 7, 8, 28, 40, 66)),
    (r"A7670E", (1, 3, 5, 7, 8, 20)),
    (r"A7670SA", (1, 2, 3, 4, 5, 7, 8, 28, 66)),
    (r"E3372h-153", (1, 3, 7, 8, 20)),
    (r"E3372h-607", (1, 3, 7, 8, 28, 40)),
    (r"EM7455|MC7455|DW5811e", (1, 2, 3, 4, 5, 7, 12, 13, 20, 25, 26, 29, 30, 41)),
    (r"EM7430|MC7430", (1, 3, 5, 7, 8, 18, 19, 21, 28, 38, 39, 40, 41)),
)


def bands_of(text: str) -> tuple[int, ...] | None:
    """Return the bands of a model, from model and firmware as the modem gives them; None for one that is not in the table."""
    return next((bands for pattern, bands in _TABLE if re.search(pattern, text, re.IGNORECASE)), None)
