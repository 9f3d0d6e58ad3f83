"""A command in a terminal of its own, typed at by a test."""

import codecs
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios

from waiting import SCALE, eventually

CTRL_C, CTRL_D = "\x03", "\x04"


class Terminal:
    def __init__(self, home, *arguments, environment=None, under=(), size=(80, 24)):
        """`under` is a command that runs another one; `size` is columns and rows."""
        self.master, slave = pty.openpty()
        self.seen = ""
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.resize(*size)
        self.process = subprocess.Popen(
            [*under, home.binary, *arguments], env={**home.environment, **(environment or {})},
            cwd=home.folder, preexec_fn=lambda: os.login_tty(slave), pass_fds=[slave])
        os.close(slave)

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.master, text.encode())

    def wait_for(self, text):
        """Waits until `text` has come, and forgets it and what came before it."""
        eventually(lambda: text in self._read(), f"{text!r} comes", 20)
        before, _, self.seen = self.seen.partition(text)
        return before

    def wait(self):
        """Waits for the end of the command; its exit status."""
        eventually(lambda: self._read() is not None and self.process.poll() is not None,
                   "the command ends", 20)
        return self.process.returncode

    def _read(self):
        while select.select([self.master], [], [], 0)[0]:
            try:
                piece = os.read(self.master, 65536)
            except OSError:  # EIO: nobody has the other end any more
                break
            if not piece:
                break
            self.seen += self.decoder.decode(piece)
        return self.seen

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=10 * SCALE)
        os.close(self.master)
