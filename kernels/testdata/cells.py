"""Times the cells of a notebook, edited each time, and completion, in a kernel of this checkout.

usage: .lag/venv/bin/python kernels/testdata/cells.py [-n 10] [--only NAME,...] STUDY

STUDY is the directory of a finished study of a preset, as `go run ./lag/cmd/lag study -preset quick` leaves in runs/quick.
Prints the median and the extremes of N executions of each cell, from the request until the kernel is idle again:

  start       a new kernel, until it answers
  tab         the first completion in a new kernel, asked for as soon as it answers
  tab-2       a later completion, with another letter typed
  import      the first cell of a notebook, edited: imports, a constant and a function that opens a study
  plain       a cell that uses nothing of lag
  figure      a cell that draws the study
  table       a cell that opens the study and prints its table, for which the engine is linked
  unlinked    the same as figure, in a notebook that has declared nothing that needs the engine

Nothing else may run on the machine meanwhile. Run it with a study that is finished: no cell trains.
"""

import argparse
import json
import os
import pathlib
import statistics
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
JUPYTER = ROOT / ".lag" / "jupyter"

# As package checkout sets them.
os.environ.update(
    JUPYTER_PATH=str(JUPYTER),
    JUPYTER_CONFIG_DIR=str(JUPYTER / "config"),
    JUPYTER_DATA_DIR=str(JUPYTER / "data"),
    JUPYTER_RUNTIME_DIR=str(JUPYTER / "runtime"),
)

from jupyter_client.manager import KernelManager  # noqa: E402

IMPORTS = """%noautoget
import (
	"fmt"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/figure"
	"github.com/landscape-aware/growing/lag/notebook"
	"github.com/landscape-aware/growing/lag/report"
)
"""

DIR = """
const dir = "STUDY" // EDIT
"""

OPEN = """
// open opens the study. EDIT
func open() *lag.Study {
	return notebook.Must1(lag.Open(notebook.Must1(lag.Preset("PRESET")), lag.Options{Dir: dir, Observe: notebook.Live()}))
}
"""

PLAIN = """%%
fmt.Println("EDIT")
"""

FIGURE = """%%
r := notebook.Study(dir)
notebook.Show(figure.Picks(r))
fmt.Println(r.Verdict, EDIT)
"""

TABLE = """%%
fmt.Println(report.Table(notebook.Must1(open().Run(notebook.Context()))), EDIT)
"""


class Kernel:
    """A kernel, and what it takes."""

    def __init__(self):
        begun = time.monotonic()
        self.manager = KernelManager(kernel_name="lag-cpu")
        self.manager.start_kernel(cwd=str(ROOT / "notebooks"))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)
        self.started = time.monotonic() - begun

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=False)

    def run(self, source):
        """Executes a cell and returns the seconds."""
        said = []

        def hear(message):
            content = message["content"]
            said.append(content.get("text") or str(content.get("data", "")))

        begun = time.monotonic()
        reply = self.client.execute_interactive(source, output_hook=hear, timeout=600)
        seconds = time.monotonic() - begun
        if reply["content"]["status"] != "ok":
            raise SystemExit("a cell failed:\n" + source + "\n" + "".join(said))
        return seconds

    def complete(self, source):
        """Completes at the end of a cell and returns the seconds."""
        begun = time.monotonic()
        reply = self.client.complete(source, len(source), reply=True, timeout=120)
        seconds = time.monotonic() - begun
        if not reply["content"].get("matches"):
            raise SystemExit(f"no completion after {seconds:.1f} s:\n" + source)
        return seconds


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("study", type=pathlib.Path)
    arguments.add_argument("-n", type=int, default=10, help="executions of each cell")
    arguments.add_argument("--wait", type=float, default=3, help="seconds between the answer of a new kernel and the first completion")
    arguments.add_argument("--only", default="", help="names of measurements, with commas between them")
    given = arguments.parse_args()
    if not (given.study / "result.json").exists():
        raise SystemExit(f"no finished study in {given.study}")
    study, preset = str(given.study.resolve()), json.loads((given.study / "study.json").read_text())["name"]
    only = given.only.split(",") if given.only else []
    number = time.time_ns() % 1_000_000_000  # no execution is one that Go has cached

    def edited(source):
        nonlocal number
        number += 1
        return source.replace("STUDY", study).replace("PRESET", preset).replace("EDIT", str(number))

    def report(name, seconds):
        print(f"{name:9} {statistics.median(seconds):6.2f} s   {min(seconds):.2f} to {max(seconds):.2f}", flush=True)

    def wanted(*names):
        return not only or any(name in only for name in names)

    if wanted("start", "tab", "tab-2"):
        starts, first, later = [], [], []
        for _ in range(given.n):
            with Kernel() as kernel:
                starts.append(kernel.started)
                time.sleep(given.wait)
                first.append(kernel.complete(IMPORTS + "%%\nc := lag.Pre"))
                later.append(kernel.complete(IMPORTS + "%%\nc := figure.Pi"))
        report("start", starts)
        report("tab", first)
        report("tab-2", later)
    if wanted("import", "plain", "figure", "table"):
        with Kernel() as kernel:
            kernel.run(edited(IMPORTS + DIR + OPEN))  # what differs between the first and others is not measured
            kernel.run(edited(TABLE))
            for name, source in ("import", IMPORTS + DIR + OPEN), ("plain", PLAIN), ("figure", FIGURE), ("table", TABLE):
                if wanted(name):
                    report(name, [kernel.run(edited(source)) for _ in range(given.n)])
    if wanted("unlinked"):
        with Kernel() as kernel:
            kernel.run(edited(IMPORTS + DIR))
            kernel.run(edited(FIGURE))
            report("unlinked", [kernel.run(edited(FIGURE)) for _ in range(given.n)])


if __name__ == "__main__":
    main()
