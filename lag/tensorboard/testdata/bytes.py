"""Writes the events of TestBytes with TensorBoard's own code, as hexadecimal digits.

python bytes.py > reference.hex    # tensorboard 2.21.0, protobuf 7.36.2
"""

import io

from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter


def summary(**values):
    return summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()])


start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
file = io.BytesIO()
writer = RecordWriter(file)
for event in [
    event_pb2.Event(wall_time=1700000000.25, file_version="brain.Event:2"),
    event_pb2.Event(wall_time=1700000000.25, session_log=start),
    event_pb2.Event(wall_time=1700000001.5, step=300, summary=summary(**{"loss/training": 3.25, "µ": -1e-7})),
    event_pb2.Event(wall_time=1700000002, summary=summary(a=0)),
    event_pb2.Event(wall_time=1700000003, step=1 << 40, session_log=start),
]:
    writer.write(event.SerializeToString())
print(file.getvalue().hex())
