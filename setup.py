"""What pyproject.toml cannot say: the catalogue of words is compiled before it is packed."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from setuptools import setup

FOLDER = Path(__file__).parent / "locale" / "id" / "LC_MESSAGES"

with (FOLDER / "sinyal.po").open("rb") as words:
    catalogue = read_po(words, locale="id", domain="sinyal")
with (FOLDER / "sinyal.mo").open("wb") as compiled:
    write_mo(compiled, catalogue)
setup()
