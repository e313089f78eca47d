"""Runs a notebook in JupyterLab in a headless Chromium, cell by cell, as a person would, and takes screenshots.

usage: browser.py ADDRESS NOTEBOOK DIRECTORY [LINE ...]

ADDRESS is what `go run ./kernels lab -no-browser` prints. After the last cell the LINEs are typed and
completed by Tab, as in: '%%' 'lag.'. The screenshots launcher.png, ran-N.png and completed.png go to DIRECTORY.
It needs chromium, chromedriver (Debian's chromium and chromium-driver) and selenium from PyPI.
"""

import re
import sys
import tempfile
import time

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.chrome.service import Service

CELL = ".jp-Notebook .jp-CodeCell"


def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     "--window-size=1300,1400", "--user-data-dir=" + tempfile.mkdtemp()):
        options.add_argument(argument)
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


def main(address, notebook, directory, *lines):
    page = browser()

    def find(selector):
        return page.find_elements(By.CSS_SELECTOR, selector)

    def shoot(name):
        page.save_screenshot(f"{directory}/{name}.png")

    def wait(what, seconds, condition):
        end = time.time() + seconds
        while time.time() < end:
            try:
                if condition():
                    return
            except WebDriverException:
                pass  # the page is being drawn anew
            time.sleep(0.2)
        shoot("failed")
        raise SystemExit(f"no {what} within {seconds} s, see {directory}/failed.png")

    def press(*keys):
        chain = ActionChains(page)
        for key in keys[:-1]:
            chain.key_down(key)
        chain.send_keys(keys[-1])
        for key in keys[:-1]:
            chain.key_up(key)
        chain.perform()

    try:
        base, token = address.split("/lab?")
        page.get(f"{base}/lab?reset&{token}")
        wait("launcher", 60, lambda: find(".jp-LauncherCard"))
        time.sleep(1)
        shoot("launcher")
        print("kernels offered:", [c.get_attribute("title") for c in find('.jp-LauncherCard[data-category="Notebook"]')])
        page.get(f"{base}/lab/tree/{notebook}?reset&{token}")
        wait("notebook", 60, lambda: find(CELL))
        wait("kernel", 60, lambda: "LAG" in find(".jp-KernelName")[0].text)
        time.sleep(2)
        count = len(find(CELL))
        find(".jp-CodeCell .cm-content")[0].click()
        for i in range(count):
            while "jp-CodeCell" not in find(".jp-Notebook .jp-Cell.jp-mod-active")[0].get_attribute("class"):
                press(Keys.SHIFT, Keys.ENTER)  # passes over text
                time.sleep(0.3)
            begun = time.time()
            press(Keys.SHIFT, Keys.ENTER)
            wait(f"end of cell {i + 1}", 1200,
                 lambda: re.search(r"\d", find(CELL)[i].find_element(By.CSS_SELECTOR, ".jp-InputPrompt").text))
            cell = find(CELL)[i]
            time.sleep(1)  # the output is drawn
            pictures = cell.find_elements(By.CSS_SELECTOR, ".jp-OutputArea-output img, .vega-embed canvas, .vega-embed svg.marks")
            failed = cell.find_elements(By.CSS_SELECTOR, '[data-mime-type="application/vnd.jupyter.error"]')
            shoot(f"ran-{i + 1}")
            print(f"cell {i + 1}/{count}: {time.time() - begun:.1f} s, {len(pictures)} pictures{', FAILED' if failed else ''}")
            if failed:
                raise SystemExit(failed[0].text)
        for number, line in enumerate(lines):
            if number > 0:
                press(Keys.ENTER)
            ActionChains(page).send_keys(line).perform()
        if lines:
            time.sleep(1)
            press(Keys.TAB)
            wait("completion", 60, lambda: find(".jp-Completer-item"))
            time.sleep(1)
            shoot("completed")
            print("completed with:", [item.text for item in find(".jp-Completer-item")][:20])
    finally:
        page.quit()


if __name__ == "__main__":
    if len(sys.argv) < 4:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
