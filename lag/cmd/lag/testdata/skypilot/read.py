"""Reads a task and a volume as SkyPilot does, and prints what it takes them for.

usage: read.py TASK VOLUME
"""

import json
import sys

import sky
from sky.utils import yaml_utils
from sky.volumes.volume import Volume

task = sky.Task.from_yaml(sys.argv[1])
task.validate()
volume = Volume.from_yaml_config(yaml_utils.read_yaml(sys.argv[2]))
volume.validate()
resources = list(task.resources)
print(json.dumps({
    "nodes": task.num_nodes,
    "run": task.run,
    "envs": dict(task.envs),
    "volumes": dict(task.volumes),
    "image": [dict(r.image_id) for r in resources],
    "recovery": [r.job_recovery for r in resources],
    "volume": {"name": volume.name, "type": volume.type, "config": volume.config},
}, default=str))
