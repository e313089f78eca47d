"""Runs JupyterLab with the configuration of this checkout and of no other place.

usage: serve.py JUPYTERLAB'S ARGUMENTS...   with the token in JUPYTER_TOKEN

A line "open" on standard input opens the browser. The program that runs this writes it when
it has seen that the server refuses requests without the token.
"""

import os
import sys
import threading

from jupyter_core import paths

# No directories of the system, as on Windows. A configuration there could switch the token off,
# and JupyterLab runs the extensions there in the browser.
paths.SYSTEM_CONFIG_PATH = list(paths.ENV_CONFIG_PATH)
paths.SYSTEM_JUPYTER_PATH = list(paths.ENV_JUPYTER_PATH)

from jupyter_server.serverapp import ServerApp  # noqa: E402
from jupyterlab.labapp import main  # noqa: E402


def open_when_told():
    line = b""
    while not line.endswith(b"\n"):
        # Not sys.stdin, whose lock a thread must not hold when Python ends.
        more = os.read(0, 1)
        if not more:
            return
        line += more
    if line == b"open\n":
        ServerApp.instance().launch_browser()


if __name__ == "__main__":
    threading.Thread(target=open_when_told, daemon=True).start()
    # Arguments win over every file. These are not arguments of the process, which every user can list.
    sys.exit(main(sys.argv[1:] + ["--IdentityProvider.token=" + os.environ["JUPYTER_TOKEN"]]))
