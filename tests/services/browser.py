"""A browser that a test drives: Chromium without a window, over the pipe of its DevTools protocol."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from tests.services.processes import PATIENCE_S, until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)

_WITH_PIPE = """
import fcntl, os, sys
pipe = [fcntl.fcntl(int(end), fcntl.F_DUPFD_CLOEXEC, 10) for end in sys.argv[1:3]]
os.dup2(pipe[0], 3)
os.dup2(pipe[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Becomes the browser, which looks for its pipe at the descriptors 3 and 4."""


@dataclass
class Browser:
    """One page of a browser, and what it has sent over the network."""

    to: BinaryIO
    answers: BinaryIO
    session: str = ""
    sent: list[str] = field(default_factory=list)
    """Addresses and bodies of all requests since the page was opened."""
    said: list[str] = field(default_factory=list)
    """What went wrong in the page's scripts."""
    _asked: int = 0

    def open(self, address: str) -> None:
        """Go to a page, and wait until it is there."""
        self.sent.clear()
        self.ask("Page.navigate", url=address)
        until(lambda: self.run("document.readyState") == "complete", f"a page at {address}")

    def run(self, script: str) -> Any:
        """Return what a script comes to in the page; promises are waited for."""
        found = self.ask(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def type_into(self, selector: str, text: str) -> None:
        """Type over what stands in a field."""
        self.run(f"{_found(selector)}.focus(); {_found(selector)}.select?.()")
        self.ask("Input.insertText", text=text)

    def press(self, selector: str) -> None:
        """Press a button."""
        self.run(f"{_found(selector)}.click()")

    def text(self, selector: str = "main") -> str:
        """Return what can be read there now; nothing while another page is on its way."""
        return str(self.run(f"{_found(selector)}?.innerText ?? ''"))

    def picture(self, file: Path, width: int = 1000, height: int = 1400) -> None:
        """Keep a picture of the whole page."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        found = self.ask("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(found["data"]))

    def ask(self, method: str, **params: object) -> Mapping[str, Any]:
        """Ask the browser for something, noting what it tells meanwhile."""
        self._asked += 1
        asked = {"id": self._asked, "method": method, "params": params}
        if self.session:
            asked["sessionId"] = self.session
        self.to.write(json.dumps(asked).encode() + b"\0")
        self.to.flush()
        while True:
            told = json.loads(self._message())
            if told.get("id") == self._asked:
                assert "error" not in told, told
                found: Mapping[str, Any] = told["result"]
                return found
            self._note(told.get("method", ""), told.get("params", {}))

    def _message(self) -> bytes:
        message = bytearray()
        while (byte := self.answers.read(1)) != b"\0":
            assert byte, "the browser has ended"
            message += byte
        return bytes(message)

    def _note(self, method: str, params: Mapping[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            request = params["request"]
            self.sent.append(f"{request['url']} {request.get('postData', '')}")
        if method == "Runtime.exceptionThrown":
            self.said.append(str(params["exceptionDetails"]))
        if method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.said.append(params["entry"]["text"])


def _found(selector: str) -> str:
    return f"document.querySelector({json.dumps(selector)})"


@contextmanager
def a_browser(folder: Path, language: str = "en") -> Iterator[Browser]:
    """Run a browser that speaks a language, with a profile of its own in a folder."""
    to_read, to_write = os.pipe()
    from_read, from_write = os.pipe()
    words = [str(CHROMIUM), *_QUIET, f"--user-data-dir={folder}", f"--accept-lang={language}"]
    process = subprocess.Popen(
        [sys.executable, "-c", _WITH_PIPE, str(to_read), str(from_write), *words],
        pass_fds=(to_read, from_write),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_read)
    os.close(from_write)
    try:
        with os.fdopen(to_write, "wb") as to, os.fdopen(from_read, "rb", buffering=1 << 16) as told:
            yield _with_a_page(Browser(to, told))
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _with_a_page(browser: Browser) -> Browser:
    target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
    attached = browser.ask("Target.attachToTarget", targetId=target, flatten=True)
    browser.session = attached["sessionId"]
    for part in ("Page", "Runtime", "Network", "Log"):
        browser.ask(f"{part}.enable")
    return browser
