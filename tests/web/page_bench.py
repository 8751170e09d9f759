#!/usr/bin/python3
"""page_bench.py - how fast the page is in a browser on this machine, against the stand-in; prints a table, and judges nothing.

    tests/web/page_bench.py [--nodes 20,10000,100000] [--seconds 8] [--runs 3]

drawn      from the navigation until the first map is on the screen, the median of the runs
fps        frames a second while a job of up to 10,000 tasks changes 2,000 of them a second; painted: those of them that changed the map;
           worst: the longest time between two frames
heap       of the page's scripts, after that
"""

import argparse
import statistics
import threading
import time

import machine
import stand_in
from browser import Browser, Page, wait_until

JOB = "01a201df-541e-709a-a82f-f5e6dce5ef53"
TASKS = 10000
CHANGES_PER_SECOND = 2000
EVENTS_PER_SECOND = 20
COUNT_FRAMES = """
    const seconds = args[0], begin = performance.now(), first = main.view.frames;
    let frames = 0, last = begin, worst = 0;
    return new Promise((resolve) => requestAnimationFrame(function next(now) {
      ++frames;
      worst = Math.max(worst, now - last);
      last = now;
      const passed = (performance.now() - begin) / 1000;
      if (passed < seconds) return requestAnimationFrame(next);
      resolve([frames / passed, (main.view.frames - first) / passed, worst]);
    }));"""


def drive(served, job, end):
    """Tasks go on and on, from the beginning if all have ended."""
    while not end.wait(1 / EVENTS_PER_SECOND):
        # A job of few tasks goes on slower, for it shall not end with each event.
        served.go_on(job, min(CHANGES_PER_SECOND // EVENTS_PER_SECOND, len(job.tasks)))
        if job.state != "RUNNING":
            job.begin()


def measure_drawn(page, runs):
    moments = []
    for _ in range(runs):
        page.open()
        moments.append(page.run("return performance.getEntriesByName('navigation-to-map-drawn')[0].duration"))
    return statistics.median(moments)


def measure_job(page, served, nodes, seconds):
    """(fps, painted, worst)"""
    job = served.add_job(machine.Job(JOB, "restart ORCA", min(nodes, TASKS)))
    page.open(f"/?job={JOB}")
    wait_until(lambda: page.legend()["pending"], "the job's tasks are known")
    end = threading.Event()
    driver = threading.Thread(target=drive, args=(served, job, end))
    driver.start()
    try:
        time.sleep(1)
        return page.module(COUNT_FRAMES, seconds)
    finally:
        end.set()
        driver.join()


def measure(nodes, seconds, runs):
    browser = Browser(1920, 1080, flags=["--enable-precise-memory-info"])
    served = stand_in.start(machine.Machine(machine.xnames(nodes)))
    try:
        page = Page(browser, served.url, stand_in.TOKEN)
        drawn = measure_drawn(page, runs)
        fps, painted, worst = measure_job(page, served, nodes, seconds)
        heap = page.run("return performance.memory.usedJSHeapSize") / 1e6
    finally:
        browser.close()
        served.stop()
    print(f"{nodes:>8,}  {drawn:6.0f} ms  {fps:5.1f}  {painted:7.1f}  {worst:5.0f} ms  {heap:6.1f} MB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nodes", default="20,10000,100000")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    print("   nodes      drawn    fps  painted     worst       heap")
    for nodes in map(int, arguments.nodes.split(",")):
        measure(nodes, arguments.seconds, arguments.runs)


if __name__ == "__main__":
    main()
