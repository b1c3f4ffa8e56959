"""The commands of README's chapter on a real gateway, as written there."""

import re
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"
CHAPTER = re.compile(r"^## On a real gateway\n(.*?)^## ", re.S | re.M)
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.S | re.M)


def blocks():
    """Its fenced commands, block by block."""
    (chapter,) = CHAPTER.findall(README.read_text(encoding="utf-8"))
    return BLOCK.findall(chapter)
