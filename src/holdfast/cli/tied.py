"""`python -m holdfast.cli.tied WORDS…`: a `holdfast` command that ends with whoever started it.

Its standard input is a pipe that nobody writes to. When it closes, however that came about, the
command is asked to end as by Ctrl-C; what goes on for `END_S_MAX` after that is cut off, which
loses nothing that was acknowledged.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from holdfast.cli.main import main

END_S_MAX = 5.0


def end_with_input() -> None:
    """Wait until standard input closes, then end this process."""
    # Not through `sys.stdin`: its lock, held at the end of the interpreter, would abort it.
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(END_S_MAX)
    os._exit(1)


if __name__ == "__main__":
    # Who starts programs in the background lets them ignore Ctrl-C, and that is inherited.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=end_with_input, daemon=True).start()
    sys.exit(main(sys.argv[1:]))
