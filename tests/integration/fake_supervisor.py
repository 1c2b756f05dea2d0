# SPDX-License-Identifier: MIT
"""A scripted supervisor for tests of the client: it says what a test tells it to say."""
import json
import os
import socket
import threading


class FakeSupervisor:
    """Listens as NAME in `runtime`/lifeguard. `answers` maps a command to a function that takes the
    request and returns messages (dictionaries; one without "id" is a view); raw bytes are sent as
    they are, None closes the connection."""

    def __init__(self, runtime, name="fake", answers=None, hello=None):
        directory = os.path.join(runtime, "lifeguard")
        os.makedirs(directory, mode=0o700, exist_ok=True)
        self.path = os.path.join(directory, name + ".sock")
        self.answers = answers or {}
        self.hello = hello or {"hello": "lifeguard", "protocol": 1, "version": "0", "name": name,
                               "pid": os.getpid()}
        self.requests = []
        self.hellos = []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen(16)
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def close(self):
        self.die()
        if os.path.exists(self.path):
            os.unlink(self.path)

    def die(self):
        """Ends as one that was killed does: the socket's name stays."""
        # Only a shutdown wakes a thread that waits in accept.
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.thread.join(10)
        self.listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as lines:
            try:
                self._talk(connection, lines)
            except OSError:
                pass  # the client left, as clients may

    def _talk(self, connection, lines):
        for line in lines:
            message = json.loads(line)
            if "hello" in message:
                self.hellos.append(message)
                self._send(connection, self.hello)
                continue
            self.requests.append(message)
            answer = self.answers.get(message["cmd"], lambda request: [{}])
            for reply in answer(message):
                if reply is None:
                    return
                if isinstance(reply, dict) and "view" not in reply:
                    reply = {"id": message["id"], "ok": True, **reply}
                self._send(connection, reply)

    @staticmethod
    def _send(connection, message):
        if not isinstance(message, bytes):
            message = json.dumps(message).encode() + b"\n"
        connection.sendall(message)
