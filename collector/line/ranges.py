"""A bounded set of integers kept as ranges: which samples of a site have been stored."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

MAX_RANGES = 4096


class Ranges:
    """Numbers seen, as disjoint ranges. Of too many ranges the lowest are forgotten: this serves counting, not safety."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []  # one past the last number of each range

    def add(self, numbers: Sequence[int]) -> int:
        """Add rising numbers; return how many of them were there already."""
        if numbers and numbers[-1] - numbers[0] + 1 == len(numbers):
            known = self._add_run(numbers[0], numbers[-1] + 1)
        else:
            known = sum(self._add_run(start, end) for start, end in runs(numbers))
        surplus = len(self._starts) - MAX_RANGES
        if surplus > 0:
            del self._starts[:surplus], self._ends[:surplus]
        return known

    def _add_run(self, start: int, end: int) -> int:
        if self._ends and start == self._ends[-1]:  # the usual case: what follows
            self._ends[-1] = end
            return 0
        # The ranges that touch [start, end): from the first that ends at or after start to the last that begins at or before end.
        first = bisect_right(self._ends, start - 1)
        last = bisect_right(self._starts, end)
        known = 0
        low, high = start, end
        for i in range(first, last):
            known += max(0, min(end, self._ends[i]) - max(start, self._starts[i]))
            low, high = min(low, self._starts[i]), max(high, self._ends[i])
        self._starts[first:last], self._ends[first:last] = [low], [high]
        return known


def runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Split rising numbers into runs of neighbours: (first, one past the last)."""
    if numbers and numbers[-1] - numbers[0] + 1 == len(numbers):
        yield numbers[0], numbers[-1] + 1
        return
    start = previous = None
    for number in numbers:
        if start is None or previous is None:
            start = number
        elif number != previous + 1:
            yield start, previous + 1
            start = number
        previous = number
    if start is not None and previous is not None:
        yield start, previous + 1
