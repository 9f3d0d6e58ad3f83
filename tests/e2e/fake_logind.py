"""A message bus of its own, the real dbus-daemon, with something on it that speaks as logind does."""

import os
import subprocess
import threading

from jeepney import DBusAddress, Endianness, HeaderFields, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

from waiting import eventually

NAME = "org.freedesktop.login1"
MANAGER = DBusAddress("/org/freedesktop/login1", bus_name=NAME, interface=NAME + ".Manager")
CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
"""


class FakeLogind:
    """Grants inhibitor locks; `delays` tells of each whether it is held still."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "bus")
        self.config = os.path.join(folder, "bus.conf")
        with open(self.config, "w") as file:
            file.write(CONFIG.format(path=self.path))
        self.address = "unix:path=" + self.path
        self.delays = []
        self.start()

    def start(self):
        self.daemon = subprocess.Popen(
            ["dbus-daemon", "--nofork", "--nopidfile", "--config-file=" + self.config],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(lambda: os.path.exists(self.path), "the bus is there")
        self.connection = open_dbus_connection(bus=self.address, enable_fds=True)
        self.connection.send_and_get_reply(message_bus.RequestName(NAME))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def stop(self):
        self.daemon.kill()
        self.daemon.wait()
        self.thread.join()
        self.connection.close()
        os.unlink(self.path)

    def _serve(self):
        try:
            while True:
                message = self.connection.receive()
                if message.header.message_type != MessageType.method_call:
                    continue
                if message.header.fields.get(HeaderFields.member) == "Inhibit":
                    self.connection.send(self._inhibit(message))
                else:
                    self.connection.send(new_error(message, NAME + ".Error", "s", ("unknown",)))
        except (OSError, EOFError):
            pass

    def _inhibit(self, message):
        what, _, _, mode = message.body
        ours, theirs = os.pipe()
        self.delays.append((what, mode, ours))
        reply = new_method_return(message, "h", (theirs,))
        threading.Timer(1, os.close, (theirs,)).start()  # when it has been sent
        return reply

    def is_held(self, index=-1):
        """Whether the other side still has the lock: then a read would wait."""
        os.set_blocking(self.delays[index][2], False)
        try:
            return os.read(self.delays[index][2], 1) != b""
        except BlockingIOError:
            return True

    def prepare_for_sleep(self, begins, big_endian=False):
        message = new_signal(MANAGER, "PrepareForSleep", "b", (begins,))
        if big_endian:
            message.header.endianness = Endianness.big
        self.connection.send(message)

    def stranger_prepares_for_sleep(self, begins):
        """Another client of the bus says it, to every other alone, as rules do not keep it from."""
        with open_dbus_connection(bus=self.address) as stranger:
            names = stranger.send_and_get_reply(message_bus.ListNames()).body[0]
            for name in names:
                if name.startswith(":") and name != stranger.unique_name:
                    message = new_signal(MANAGER, "PrepareForSleep", "b", (begins,))
                    message.header.fields[HeaderFields.destination] = name
                    stranger.send(message)
            # Answered after all of that has been passed on.
            stranger.send_and_get_reply(message_bus.ListNames())
