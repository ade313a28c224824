"""boto3: S3 by clients and by the transfer manager's threads, and SQS with long polls. arguments: port, count

libraries: boto3
"""

import io
import sys
import threading

import boto3
from _together import together
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

import eventlet

port, count = int(sys.argv[1]), int(sys.argv[2])
config = Config(
    max_pool_connections=count, read_timeout=50, connect_timeout=50, retries={"max_attempts": 0},
    s3={"addressing_style": "path"},
)  # fmt: skip
session = boto3.session.Session("key", "secret", region_name="us-east-1")
s3, sqs = (session.client(name, endpoint_url=f"http://127.0.0.1:{port}", config=config) for name in ("s3", "sqs"))

s3.create_bucket(Bucket="bucket")
for number in range(count):
    s3.put_object(Bucket="bucket", Key=f"meet{number}", Body=f"body {number}".encode())


def get(number):
    return s3.get_object(Bucket="bucket", Key=f"meet{number}")["Body"].read()


assert together(get, count) == [f"body {number}".encode() for number in range(count)]

# In parts, in several threads of s3transfer's.
big = b"0123456789abcdef" * 1024 * 1024
parts = TransferConfig(multipart_threshold=5 * 1024 * 1024, multipart_chunksize=5 * 1024 * 1024, max_concurrency=4)
native_ids = set()
s3.upload_fileobj(io.BytesIO(big), "bucket", "big", Config=parts,
                  Callback=lambda _: native_ids.add(threading.get_native_id()))  # fmt: skip
got = io.BytesIO()
s3.download_fileobj("bucket", "big", got, Config=parts)
assert got.getvalue() == big
assert native_ids == {threading.get_native_id()}

queue = sqs.create_queue(QueueName="queue")["QueueUrl"]


def receive():
    while True:
        messages = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", ())
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            return message["Body"]


receivers = [eventlet.spawn(receive) for _ in range(3)]
eventlet.sleep(0)
for number in range(3):
    sqs.send_message(QueueUrl=queue, MessageBody=str(number))
assert sorted(receiver.wait() for receiver in receivers) == ["0", "1", "2"]
print("done")
