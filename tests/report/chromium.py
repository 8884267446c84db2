"""A headless Chromium, spoken to through two pipes with its own DevTools protocol: no driver, no socket, no network."""

import fcntl
import itertools
import json
import os
import select
import subprocess
import sys
import time

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-extensions",
    "--disable-component-update",
    "--disable-background-networking",
    "--no-first-run",
    "--remote-debugging-pipe",
)


class Chromium:
    """One page in a browser; `errors` and `requests` gather what its console and its network say."""

    def __init__(self, program, profile):
        their_input, self._to = os.pipe()
        self._from, their_output = os.pipe()
        their_input, their_output = (_raise_number(fd) for fd in (their_input, their_output))
        launch = (
            "import os, sys;"
            f"os.dup2({their_input}, 3); os.dup2({their_output}, 4);"  # where the browser looks for its pipes
            "os.execvp(sys.argv[1], sys.argv[1:])"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", launch, program, *FLAGS, f"--user-data-dir={profile}"],
            pass_fds=(their_input, their_output),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(their_input)
        os.close(their_output)
        self._pending, self._number, self._session = b"", itertools.count(1), None
        self.errors, self.requests = [], []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method, **params):
        """Send one command and return its result."""
        number = next(self._number)
        command = {"id": number, "method": method, "params": params}
        if self._session:
            command["sessionId"] = self._session
        os.write(self._to, json.dumps(command).encode() + b"\0")
        while True:
            message = self._receive()
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]

    def open(self, url, width, height=900):
        """Show a page at a width in pixels, and wait until it says that it is ready."""
        self.errors, self.requests = [], []
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.send("Page.navigate", url=url)
        self.wait_for("document.body && document.body.dataset.ready === 'yes'")

    def ask(self, expression):
        """Return the value of an expression in the page."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def wait_for(self, condition, seconds=60):
        """Wait until an expression is true in the page."""
        end = time.monotonic() + seconds
        while not self.ask(f"Boolean({condition})"):
            if time.monotonic() > end:
                raise TimeoutError(f"{condition} is not true after {seconds} s; the console said {self.errors}")

    def move_to(self, x, y):
        """Move the mouse, as a hand does: in two steps."""
        for offset in (3, 0):
            self.send("Input.dispatchMouseEvent", type="mouseMoved", x=x + offset, y=y)

    def click(self, x, y):
        """Press the button of the mouse, which is there already, and let it go."""
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def picture(self):
        """Return the whole page as PNG, in base64."""
        return self.send("Page.captureScreenshot", captureBeyondViewport=True)["data"]

    def close(self):
        """End the browser."""
        self._session = None
        self.send("Browser.close")
        self._process.wait(20)
        os.close(self._to)
        os.close(self._from)

    def _receive(self):
        while b"\0" not in self._pending:
            if not select.select([self._from], [], [], 60)[0]:
                raise TimeoutError("Chromium does not answer.")
            part = os.read(self._from, 2**20)
            if not part:
                raise EOFError("Chromium has ended.")
            self._pending += part
        text, _, self._pending = self._pending.partition(b"\0")
        message = json.loads(text)
        self._note(message.get("method"), message.get("params", {}))
        return message

    def _note(self, event, params):
        if event == "Runtime.exceptionThrown":
            self.errors.append(params["exceptionDetails"])
        elif event == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            self.errors.append(params["args"])
        elif event == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"])
        elif event == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"][:200])


def _raise_number(fd):
    """Return the same file under a number that the browser's 3 and 4 do not overwrite."""
    high = fcntl.fcntl(fd, fcntl.F_DUPFD, 10)
    os.close(fd)
    return high
