"""A terminal's screen, from the bytes that a program sends to it.

It knows the few sequences that `corral top` may use, and refuses every other one: so whatever gets
through to a terminal that should not is noticed.
"""

import re
import unicodedata

SEQUENCE = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")
MODES = {"1049": "other_screen", "25": "cursor_shown", "7": "wraps"}


def width(letter):
    if unicodedata.category(letter) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1


class Picture:
    def __init__(self, columns=80, rows=24):
        self.modes = {"other_screen": False, "cursor_shown": True, "wraps": True}
        self.styled = False
        self.colours = set()  # that were ever used
        self.resize(columns, rows)

    def resize(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.cells = [[" "] * columns for _ in range(rows)]
        self.row = self.column = 0

    def lines(self):
        return ["".join(row).rstrip() for row in self.cells]

    def feed(self, text):
        """Takes what has come; the rest, which is the beginning of a sequence, is returned."""
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                self._letter(text[at])
                at += 1
                continue
            match = SEQUENCE.match(text, at)
            if not match:
                assert re.fullmatch(r"\x1b(\[\??[0-9;]*)?", text[at:]), repr(text[at:at + 20])
                break
            self._sequence(*match.groups())
            at = match.end()
        return text[at:]

    def _letter(self, letter):
        if not self.modes["other_screen"]:
            return  # a shell's, or what the terminal echoes
        assert letter.isprintable(), repr(letter)
        if width(letter) == 0:
            self.cells[self.row][self.column - 1] += letter
            return
        assert self.column + width(letter) <= self.columns, "it writes beyond the last column"
        self.cells[self.row][self.column] = letter
        if width(letter) == 2:
            self.cells[self.row][self.column + 1] = ""
        self.column += width(letter)

    def _sequence(self, private, parameters, final):
        numbers = parameters.split(";")
        if private:
            assert final in "hl" and parameters in MODES, (parameters, final)
            self.modes[MODES[parameters]] = final == "h"
        elif final == "H":
            place = [int(number or 1) - 1 for number in numbers] + [0]
            self.row, self.column = place[0], place[1]
            assert self.row < self.rows and self.column < self.columns, (parameters, "is outside")
        elif final == "C":
            self.column += int(parameters or 1)
        elif final == "K":
            assert parameters == "" and not self.styled
            self.cells[self.row][self.column:] = [" "] * (self.columns - self.column)
        elif final == "J":
            assert parameters == "2" and not self.styled
            self.cells = [[" "] * self.columns for _ in range(self.rows)]
        else:
            assert final == "m", final
            assert all(re.fullmatch(r"|[0127]|3[1-6]", number) for number in numbers), parameters
            self.styled = parameters not in ("", "0")
            self.colours.update(number for number in numbers if number.startswith("3"))
