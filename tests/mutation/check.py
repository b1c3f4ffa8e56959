#!/usr/bin/env python3
"""Do the tests notice when the gate is broken? Makes every break of breaks.py in a copy of the tree and runs
the unit tests on each; a break that no test objects to is a hole in the tests.

usage: check.py [--list] [--only WORDS] [--jobs N]

--list only looks whether every break still fits the code (deploy/test does that). A whole run takes about
half a minute a break. The last line is `N passed, N failed`; passed is a break that was noticed.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
from breaks import BREAKS  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "mutation"


def tell(good, what, more=""):
    print(f"{'ok     ' if good else 'FAILED '} {what}{': ' + more if more else ''}", flush=True)
    return good


def chosen(words):
    for group, breaks in BREAKS.items():
        for one in breaks:
            if not words or words in one[0] or words in group:
                yield group, one


def copy_tree():
    """A file that is alike keeps its time, or else what an earlier run built of a broken one would look newer."""
    tree = WORK / "tree"
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    names = {name for name in files.decode().split("\0") if name and (ROOT / name).is_file()}
    for left in [path for path in tree.rglob("*") if path.is_file()]:
        if str(left.relative_to(tree)) not in names:
            left.unlink()
    for name in names:
        target = tree / name
        if not target.exists() or target.read_bytes() != (ROOT / name).read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)
            shutil.copymode(ROOT / name, target)
    return tree


def build(tree, jobs):
    return subprocess.run(["cmake", "--build", WORK / "build", "--target", "unit_tests", "-j", str(jobs)],
                          cwd=tree, capture_output=True, text=True)


def objection(tree):
    """The first test that fails, or how the program ended; empty when all is well."""
    try:
        ran = subprocess.run([WORK / "build/tests/unit_tests", "--gtest_fail_fast", "--gtest_brief=1"], cwd=tree,
                             capture_output=True, text=True, errors="replace", timeout=600)
    except subprocess.TimeoutExpired:
        return "the tests never ended"
    for line in ran.stdout.splitlines():
        if line.startswith("[  FAILED  ] ") and "." in line:
            return line.split()[3].rstrip(",")
    return "" if ran.returncode == 0 else f"the tests ended with {ran.returncode}"


def try_break(tree, jobs, group, one):
    what, name, old, new = one
    file = tree / name
    good = file.read_text(encoding="utf-8")
    file.write_text(good.replace(old, new), encoding="utf-8")
    try:
        built = build(tree, jobs)
        if built.returncode != 0:
            return tell(False, f"{group}: {what}", "the break does not compile\n" + built.stdout[-800:])
        found = objection(tree)
        return tell(bool(found), f"{group}: {what}", found or "no test noticed")
    finally:
        file.write_text(good, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description="Breaks the gate on purpose and runs the tests.")
    parser.add_argument("--list", action="store_true", help="only see whether the breaks fit the code")
    parser.add_argument("--only", metavar="WORDS", help="breaks with these words in them")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    results = []
    if options.list:
        for group, (what, name, old, _) in chosen(options.only):
            count = (ROOT / name).read_text(encoding="utf-8").count(old)
            results.append(tell(count == 1, f"{group}: {what}", "" if count == 1 else f"{name} has it {count} times"))
    else:
        tree = copy_tree()
        # Warnings are errors in this project, and a broken tree has unused names.
        subprocess.run(["cmake", "-G", "Ninja", "-S", tree, "-B", WORK / "build", "-DCMAKE_BUILD_TYPE=Debug",
                        "-DCMAKE_CXX_FLAGS=-O1 -g0 -w"], check=True, stdout=subprocess.DEVNULL)
        if build(tree, options.jobs).returncode != 0 or objection(tree):
            results.append(tell(False, "the tree is good before it is broken", objection(tree)))
        else:
            results += [try_break(tree, options.jobs, group, one) for group, one in chosen(options.only)]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
