"""paramiko: several connections, several commands on one connection, and SFTP. arguments: port, count

libraries: paramiko
"""

import io
import sys

import paramiko
from _together import together

port, count = int(sys.argv[1]), int(sys.argv[2])


def connect():
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect(
        "127.0.0.1", port, "user", "secret", look_for_keys=False, allow_agent=False,
        timeout=50, banner_timeout=50, auth_timeout=50, channel_timeout=50,
    )  # fmt: skip
    return client


def run(client, command, text=b""):
    stdin, stdout, _stderr = client.exec_command(command, timeout=50)
    if text:
        stdin.write(text)
    stdin.channel.shutdown_write()
    answer = stdout.read()
    assert stdout.channel.recv_exit_status() == 0
    return answer


def on_its_own(number):
    with connect() as client:
        return run(client, f"meet {number}")


expected = [str(number).encode() for number in range(count)]
assert together(on_its_own, count) == expected
with connect() as shared:
    assert together(lambda number: run(shared, f"meet {number}"), count) == expected
    big = b"x" * 200_000
    assert together(lambda number: run(shared, "cat", big), 3) == [big] * 3

    def transfer(number):
        with shared.open_sftp() as sftp:
            sftp.putfo(io.BytesIO(big), f"/{number}")
            got = io.BytesIO()
            sftp.getfo(f"/{number}", got)
            return got.getvalue() == big

    assert together(transfer, 3) == [True] * 3
    _stdin, stdout, _stderr = shared.exec_command("cat", timeout=0.05)
    try:
        stdout.read()  # nothing comes, as the input has not ended
    except TimeoutError:
        print("done")
