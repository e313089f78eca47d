"""Executes one notebook and tells of every cell on standard output, one JSON object a line.

usage: execute.py IN OUT KERNEL SECONDS

OUT is written after the last cell or the first that fails. The program that runs this reads
OUT and judges: GoNB reports some failures as ordinary output.
"""

import asyncio
import json
import signal
import sys
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError


def tell(**event):
    print(json.dumps(event), flush=True)


def main(source, target, kernel, seconds):
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    notebook = nbformat.read(source, as_version=4)
    begun = {}

    def start(cell, cell_index):
        if cell.cell_type == "code":
            begun[cell_index] = time.monotonic()
            tell(event="start", cell=cell_index)

    def end(cell, cell_index, **_):
        tell(event="end", cell=cell_index, seconds=time.monotonic() - begun[cell_index])

    client = NotebookClient(
        notebook,
        timeout=float(seconds),
        startup_timeout=120,
        kernel_name=kernel,
        record_timing=False,  # the same notebook gives the same file
        resources={"metadata": {"path": sys.argv[5]}},
        on_cell_execute=start,
        on_cell_executed=end,
        shutdown_kernel="graceful",
    )
    error = None
    try:
        client.execute()
    except CellTimeoutError:
        error = "timeout"
    except CellExecutionError:
        pass  # it is in the cell's outputs
    except DeadKernelError:
        error = "the kernel died"
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)
    spec = client.km.kernel_spec
    notebook.metadata["kernelspec"] = {"name": kernel, "display_name": spec.display_name, "language": spec.language}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    nbformat.write(notebook, target)
    tell(event="done", error=error)


if __name__ == "__main__":
    main(*sys.argv[1:5])
