#!/usr/bin/env python3
"""Every promise of doc/threat-model.md names tests, and every test it names exists.

usage: threat_model_test.py      The last line is `N passed, N failed`.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def unit_tests():
    found = set()
    for source in (ROOT / "tests/unit").glob("*_test.cpp"):
        text = source.read_text(encoding="utf-8")
        found.update(f"{suite}.{name}" for suite, name in re.findall(r"^TEST(?:_[FP])?\((\w+),\s*(\w+)\)", text, re.M))
    return found


def promises():
    text = (ROOT / "doc/threat-model.md").read_text(encoding="utf-8")
    section = text.split("\n## Promises\n")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in section.splitlines()
            if line.startswith("| ")]
    return [(row[0], [name.strip() for name in row[-1].rstrip("| ").split(",")]) for row in rows[1:]]


def exists(name, known):
    if ": " not in name:
        return name in known
    file, words = name.split(": ", 1)
    places = [path for path in (ROOT / "tests").rglob(file) if path.is_file()]
    # The name of a check in Python, or what a shell script says it checks.
    said = re.compile(rf"^def {re.escape(words)}\(|check \"{re.escape(words)}", re.M)
    return any(said.search(path.read_text(encoding="utf-8")) for path in places)


def main():
    known, results = unit_tests(), []
    for promise, names in promises():
        missing = [name for name in names if not exists(name, known)]
        good = bool(names) and not missing
        results.append(good)
        print(("ok      " if good else "FAILED  ") + promise + ("" if good else f": no test {', '.join(missing)}"))
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
