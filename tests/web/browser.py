"""browser.py - a browser without a screen, and Muster's page in it, be it served by the stand-in or by a musterd.

Needs Debian's chromium, chromium-driver and python3-selenium.
"""

import base64
import json
import shutil
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--ignore-certificate-errors", "--hide-scrollbars"]
LIMIT = 30.0
# Counts what the page's policy forbids, from before its first line is read.
WATCH_POLICY = "window.violations = []; document.addEventListener('securitypolicyviolation', (e) => violations.push(e.violatedDirective));"


def wait_until(condition, what, limit=LIMIT):
    deadline = time.monotonic() + limit
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"after {limit} s still not: {what}")
        time.sleep(0.02)
    return value


class Browser:
    """One browser with a profile of its own, until close(). `driver` is selenium's."""

    def __init__(self, width=1440, height=900, flags=()):
        self.profile = tempfile.mkdtemp(prefix="muster-browser-")
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in [*FLAGS, *flags, f"--user-data-dir={self.profile}", f"--window-size={width},{height}"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        try:
            self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        except BaseException:
            shutil.rmtree(self.profile, ignore_errors=True)
            raise
        self.driver.set_script_timeout(60)
        self.cdp("Page.addScriptToEvaluateOnNewDocument", source=WATCH_POLICY)
        self.resize(width, height)

    def close(self):
        try:
            self.driver.quit()
        finally:
            shutil.rmtree(self.profile, ignore_errors=True)

    def cdp(self, command, **arguments):
        return self.driver.execute_cdp_cmd(command, arguments)

    def resize(self, width, height, ratio=1):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=ratio, mobile=False)

    def prefer(self, **features):
        """What the system is set to: prefers_color_scheme="dark"."""
        features = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.cdp("Emulation.setEmulatedMedia", features=features)

    def authorize(self, token):
        """With each request; a name and a password in an address would keep the page from asking anything."""
        self.cdp("Network.enable")
        self.cdp("Network.setExtraHTTPHeaders", headers={"Authorization": f"Bearer {token}"} if token else {})

    def complaints(self):
        """What the console said since the last time: errors and warnings."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def requested(self):
        """The addresses that were asked for since the last time."""
        messages = (json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance"))
        return [message["params"]["request"]["url"] for message in messages if message["method"] == "Network.requestWillBeSent"]

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.cdp("Page.captureScreenshot", format="png")["data"]))


class Page:
    """Muster's page at `url`, for who has the token."""

    def __init__(self, browser, url, token):
        self.browser, self.driver, self.url, self.token = browser, browser.driver, url, token

    def open(self, path="/"):
        """Returns when the map is drawn, and live."""
        self.begin(path)
        self.wait_drawn()
        self.wait_stream("live")
        return self

    def begin(self, path="/"):
        """Does not wait for anything that the page does."""
        self.browser.authorize(self.token)
        self.driver.get(self.url + path)

    def wait_drawn(self):
        wait_until(lambda: self.run("return performance.getEntriesByName('map-drawn').length"), "the map is drawn")

    def wait_stream(self, state):
        wait_until(lambda: self.run("return document.documentElement.dataset.stream") == state, f"the stream is {state}")

    # What there is to see.

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def module(self, script, *arguments):
        """With the page's own parts as `main`; the value of `return`."""
        return self.driver.execute_async_script(
            f"const done = arguments[arguments.length - 1], args = arguments;"
            f"import('/main.js').then((main) => {{ {script} }}).then(done, (error) => done('failed: ' + error))", *arguments)

    def element(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].map((each) => each.innerText)", selector)

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0]).innerText", selector)

    def counts(self):
        """(well, degraded, unknown)"""
        return tuple(int(self.text(f"#count-{word}").replace(",", "")) for word in ("well", "degraded", "unknown"))

    def legend(self):
        """{word: count} of what is shown."""
        rows = self.run("return [...document.querySelectorAll('#legend li')]"
                        ".map((each) => [...each.querySelectorAll('span')].map((part) => part.textContent))")
        return {word: int(count.replace(",", "")) for word, count in rows}

    def colours(self, node):
        """The distinct colours of a node as it is painted, the most frequent first: "#1fa07c"."""
        return self.module("""
            const {view} = main, i = args[0], {x, y} = view.boxOf(i), ratio = view.ratio, side = view.pixels;
            const copy = new OffscreenCanvas(side, side).getContext('2d', {willReadFrequently: true});
            copy.drawImage(view.canvas, Math.round(x * ratio), Math.round(y * ratio), side, side, 0, 0, side, side);
            const {data} = copy.getImageData(0, 0, side, side);
            const tally = {};
            for (let at = 0; at < data.length; at += 4) {
              const colour = '#' + [...data.slice(at, at + 3)].map((part) => part.toString(16).padStart(2, '0')).join('');
              tally[colour] = (tally[colour] ?? 0) + 1;
            }
            return Object.entries(tally).sort(([, a], [, b]) => b - a).map(([colour]) => colour);""", node)

    def ink(self, name):
        """A colour of the theme as it is now."""
        return self.run("return getComputedStyle(document.documentElement).getPropertyValue('--ink-' + arguments[0]).trim()", name)

    def wait_ink(self, node, name):
        wait_until(lambda: self.ink(name) in self.colours(node), f"node {node} is painted in the ink {name}")

    def wait_text(self, selector, text):
        wait_until(lambda: text in (self.text(selector) or ""), f"{selector} says {text!r}")

    def highlighted(self):
        """How many nodes are, or None."""
        text = self.run("return document.getElementById('map').dataset.highlighted")
        return int(text) if text else None

    # What people do.

    def press(self, keys, selector=None):
        (self.element(selector) if selector else self.driver.switch_to.active_element).send_keys(keys)

    def click(self, selector):
        self.element(selector).click()

    def place(self, node):
        """The middle of a node, in the window."""
        return self.module("""
            const {x, y, size} = main.view.boxOf(args[0]), box = document.getElementById('map').getBoundingClientRect();
            return [box.left + x + size / 2, box.top + y + size / 2];""", node)

    def point(self, node, click=False):
        x, y = self.place(node)
        self.browser.cdp("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        if click:
            for kind in ("mousePressed", "mouseReleased"):
                self.browser.cdp("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def focused(self):
        return self.run("return document.activeElement.id")
