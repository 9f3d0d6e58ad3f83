"""licenses.py OUT FOLDER... [--glibc]: one text of all licences, from folders of files that are named after what
they cover. --glibc adds what a statically linked GNU C library asks for, from Debian's own files."""

import pathlib
import sys

GLIBC = ["/usr/share/doc/libc6-dev/copyright", "/usr/share/common-licenses/LGPL-2.1"]


def main(out, *arguments):
    seen = {}
    for folder in (pathlib.Path(argument) for argument in arguments if argument != "--glibc"):
        for path in sorted(path for path in folder.iterdir() if path.is_file()):
            seen.setdefault(path.name, path.read_text(encoding="utf-8"))
    if "--glibc" in arguments:
        for path in (pathlib.Path(name) for name in GLIBC):
            if path.exists():
                seen[f"GNU C Library: {path.name}"] = path.read_text(encoding="utf-8", errors="replace")
    else:
        seen.pop("GNU-C-library", None)
        seen.pop("GCC-runtime", None)
    text = "".join(f"{name}\n{'=' * len(name)}\n\n{body.strip()}\n\n\n" for name, body in seen.items())
    pathlib.Path(out).write_text(text, encoding="utf-8")


main(*sys.argv[1:])
