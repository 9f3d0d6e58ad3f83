"""Reads a unit as systemd does: systemd.syntax(7), systemd.service(5), systemd.exec(5)."""

import re

ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "s": " ",
           "\\": "\\", '"': '"', "'": "'"}


def settings(text):
    """{(section, key): value} of a unit that gives no key twice."""
    found, section = {}, None
    for line in re.sub(r"\\\n", " ", text).split("\n"):
        line = line.strip(" \t")
        if not line or line[0] in "#;":
            continue
        if line.startswith("["):
            section = line[1:-1]
            continue
        key, separator, value = line.partition("=")
        assert separator and (section, key) not in found, line
        found[section, key.rstrip()] = value.lstrip()
    return found


def words(text):
    """Splits and unquotes."""
    result, at = [], 0
    while True:
        while at < len(text) and text[at] in " \t\n\r":
            at += 1
        if at == len(text):
            return result
        word, quote = "", None
        while at < len(text) and (quote or text[at] not in " \t\n\r"):
            char = text[at]
            at += 1
            if char == "\\":
                kind = text[at]
                digits = {"x": 2, "u": 4, "U": 8}.get(kind)
                if digits:
                    word += chr(int(text[at + 1:at + 1 + digits], 16))
                    at += 1 + digits
                elif kind in "01234567":
                    word += chr(int(text[at:at + 3], 8))
                    at += 3
                else:
                    word += ESCAPES[kind]
                    at += 1
            elif quote:
                quote = None if char == quote else quote
                word += "" if quote is None else char
            elif char in "\"'":
                quote = char
            else:
                word += char
        assert quote is None, text
        result.append(word)


def without_specifiers(text):
    """A specifier is none of ours: each "%" is doubled."""
    assert "%" not in text.replace("%%", ""), text
    return text.replace("%%", "%")


def command(value):
    """The program and its arguments. The program's variables are not expanded."""
    program, *arguments = [without_specifiers(word) for word in words(value)]
    assert program.startswith("/") and not re.search(r"[\x00-\x1f\x7f\"'\\]", program), program
    for argument in arguments:
        assert "$" not in argument.replace("$$", ""), argument
    return [program, *[argument.replace("$$", "$") for argument in arguments]]


def environment(value):
    return dict(without_specifiers(word).split("=", 1) for word in words(value))


def folder(value):
    return without_specifiers(value.rstrip(" \t"))
