"""Executes one notebook and tells of every cell on standard output, one JSON object a line.

usage: execute.py IN OUT KERNEL SECONDS DIRECTORY

OUT is written after the last cell or the first that fails. The program that runs this reads
OUT and judges: GoNB reports some failures as ordinary output.
"""

import asyncio
import json
import os
import signal
import sys
import time

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError


def tell(**event):
    print(json.dumps(event), flush=True)


def quit_now(code, why):
    """Ends without nbclient's own clean-up at exit, which fails without a kernel."""
    print(why, file=sys.stderr, flush=True)
    os._exit(code)


def end_group(group):
    """Ends the programs of cells that outlive their kernel, after a time in which they can save."""
    if not group or not hasattr(os, "killpg"):
        return
    try:
        end = time.monotonic() + 5
        while time.monotonic() < end:
            os.killpg(group, 0)
            time.sleep(0.05)
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # they have ended


def main(source, target, kernel, seconds, directory):
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    notebook = nbformat.read(source, as_version=4)
    spec = KernelSpecManager().get_kernel_spec(kernel)
    begun, group = {}, None

    def start(cell, cell_index):
        nonlocal group
        group = client.km.provisioner.pgid
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
        resources={"metadata": {"path": directory}},
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
        client._cleanup_kernel()
        end_group(group)
        quit_now(130, "interrupted")
    except RuntimeError as e:  # the kernel did not start; what it said stands above
        quit_now(1, str(e))
    end_group(group)
    notebook.metadata["kernelspec"] = {"name": kernel, "display_name": spec.display_name, "language": spec.language}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    nbformat.write(notebook, target)
    tell(event="done", error=error)


if __name__ == "__main__":
    main(*sys.argv[1:])
