"""A server of SSH in OS threads: `meet` is answered when `count` have asked; SFTP, of files in memory.

arguments: port, count
"""

import io
import socket
import sys
import threading

import paramiko

port, count = int(sys.argv[1]), int(sys.argv[2])
everybody = threading.Barrier(count, timeout=45)
key = paramiko.ECDSAKey.generate()
files = {}


class Server(paramiko.ServerInterface):
    def check_auth_password(self, username, password):
        return paramiko.AUTH_SUCCESSFUL if (username, password) == ("user", "secret") else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username):
        return "password"

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED if kind == "session" else paramiko.OPEN_FAILED_UNKNOWN_CHANNEL_TYPE

    def check_channel_exec_request(self, channel, command):
        threading.Thread(target=execute, args=(channel, command.decode()), daemon=True).start()
        return True


def execute(channel, command):
    # An answer must not come before paramiko has said that the command was accepted, and the client ended its input.
    given = b"".join(iter(lambda: channel.recv(65536), b""))
    name, _, text = command.partition(" ")
    status = 0
    if name == "meet":
        try:
            everybody.wait()
            channel.sendall(text.encode())
        except threading.BrokenBarrierError:
            status = 1
    elif name == "cat":
        channel.sendall(given)
    channel.send_exit_status(status)
    channel.close()


class File(paramiko.SFTPHandle):
    def __init__(self, name, flags):
        super().__init__(flags)
        self.name = name
        self.content = io.BytesIO(files.get(name, b""))

    def read(self, offset, length):
        self.content.seek(offset)
        return self.content.read(length)

    def write(self, offset, data):
        self.content.seek(offset)
        self.content.write(data)
        return paramiko.SFTP_OK

    def stat(self):
        return attributes(self.content.getvalue())

    def close(self):
        files[self.name] = self.content.getvalue()


class Files(paramiko.SFTPServerInterface):
    def open(self, path, flags, attr):
        return File(path, flags)

    def stat(self, path):
        return attributes(files[path]) if path in files else paramiko.SFTP_NO_SUCH_FILE


def attributes(content):
    found = paramiko.SFTPAttributes()
    found.st_size = len(content)
    return found


with socket.create_server(("127.0.0.1", port), backlog=100) as listener:
    while True:
        connection, _ = listener.accept()
        transport = paramiko.Transport(connection)
        transport.add_server_key(key)
        transport.set_subsystem_handler("sftp", paramiko.SFTPServer, Files)
        try:
            transport.start_server(event=threading.Event(), server=Server())
        except (paramiko.SSHException, EOFError):
            pass  # somebody has looked whether the port is open
