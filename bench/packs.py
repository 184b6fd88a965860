"""`python -m bench.packs [COMMITS]...`: bytes of a fleet update from earlier trees of this repository's history to this one.

Each is built as a release is (`pip wheel` of the tree that git archived), and packed by `ground.pack`, as for `fleet update`.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from ground import pack

ROOT = Path(__file__).resolve().parent.parent
BACK = (1, 5, 10, 20, 30, 50, 75, 100, 150, 200)
"""Commits before this one, along the main line."""
TARGET_BYTES = 100_000
PIP = ("-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps", "--wheel-dir")


def git(*words: str) -> bytes:
    return subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, check=True).stdout


def wheel_at(commit: str, folder: Path) -> bytes:
    """Build the wheel of a tree of the history."""
    tree, out = folder / commit, folder / f"{commit}-out"
    with tarfile.open(fileobj=io.BytesIO(git("archive", commit))) as tar:
        tar.extractall(tree, filter="data")
    subprocess.run([sys.executable, *PIP, str(out), str(tree)], check=True, capture_output=True)
    return next(out.glob("*.whl")).read_bytes()


def main() -> int:
    """Print a line for each."""
    back = [int(word) for word in sys.argv[1:]] or BACK
    print(f"{'commits before':>14}  {'of':16}{'files':>7}{'text changed, B':>17}{'pack, B':>10}")
    held = 0
    with tempfile.TemporaryDirectory(prefix="sinyal-packs-") as name:
        head = git("rev-parse", "HEAD").decode().strip()
        now = wheel_at(head, Path(name))
        for count in back:
            commit, when = git("log", "-1", "--first-parent", "--format=%H %cs", f"{head}~{count}").decode().split()[:2]
            packed = pack.make(wheel_at(commit, Path(name)), now)
            files = pack.read(packed).files
            text = sum(len(content) for content in files.values())
            held += len(packed) <= TARGET_BYTES
            print(f"{count:>14}  {when:16}{len(files):>7}{text:>17,}{len(packed):>10,}", flush=True)
    print(f"{held} of {len(back)} take no more than {TARGET_BYTES:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
