"""What a run says: one line per check for the test, a story in plain words for a newcomer."""

import sys
import textwrap
from contextlib import contextmanager


class Report:
    def __init__(self, telling=False, out=sys.stdout):
        self.telling = telling
        self.passed = 0
        self.failed = []
        self._out = out
        self._scene = ""
        colour = telling and out.isatty()
        self._bold, self._green, self._red, self._plain = \
            ("\033[1m", "\033[32m", "\033[31m", "\033[0m") if colour else ("", "", "", "")

    def chapter(self, title):
        if self.telling:
            self._say(f"\n{self._bold}{title}{self._plain}")
        else:
            self._say(f"# {title}")

    def tell(self, words):
        """What happens, for people; silent in a test."""
        if self.telling:
            self._say(textwrap.fill(words, 96, initial_indent="  ", subsequent_indent="  "))

    def rows(self, rows):
        if self.telling:
            for row in rows:
                self._say(f"  {row}")

    @contextmanager
    def scene(self, label, told):
        """Checks about one thing: in a test each line begins with `label`, a reader is `told` once."""
        self._scene = f"{label}: "
        if self.telling:
            self._say(f"  {self._bold}{told}{self._plain}")
        try:
            yield
        finally:
            self._scene = ""

    def check(self, what, good, found=""):
        """`found` is shown when the check fails."""
        good = bool(good)
        if not self.telling:
            what = self._scene + what
        if good:
            self.passed += 1
        else:
            self.failed.append(what)
        if self.telling:
            self._say(f"    {self._green}ok{self._plain}      {what}" if good else
                      f"    {self._red}NOT OK{self._plain}  {what}")
        else:
            self._say(f"{'ok' if good else 'not ok'} - {what}")
        if not good and found not in ("", None):
            for row in str(found).splitlines()[:6]:
                self._say(f"{'          ' if self.telling else '#   '}{row[:200]}")
        return good

    def summary(self):
        if self.telling:
            self._say("\nEverything was as it should be." if not self.failed else
                      "\nNot everything was as it should be: see NOT OK above.")
        self._say(f"{self.passed} passed, {len(self.failed)} failed")

    def _say(self, text):
        print(text, file=self._out, flush=True)
