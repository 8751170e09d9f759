#!/usr/bin/python3
"""map_bench.py - the map of a real musterd with that many agents attached, in a browser on the same machine, while a job restarts all of them.

    tests/bench/map_bench.py [--agents 10000] [--build build/release] [--shot FILE.png] [--dark]

drawn      from the navigation until the map is on the screen
fps        frames a second while the job runs; painted: those of them that changed the map
--shot     a picture of it in the middle of the job
"""

import argparse
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
sys.path.insert(0, os.path.join(HERE, "..", "web"))
import programs  # noqa: E402

SECONDS = 20


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", type=int, default=10_000)
    parser.add_argument("--build", default=os.path.join(HERE, "..", "..", "build", "release"))
    parser.add_argument("--shot")
    parser.add_argument("--dark", action="store_true")
    options = parser.parse_args()
    programs.use_build(options.build)
    import fleet
    import page_bench
    from browser import Browser, Page
    from fleet_cost import TOKEN, Web, wait_well

    with fleet.Fleet(options.agents) as world:
        web = Web(world)
        world.start_musterd()
        world.start_agents(options.agents, "--start-ms", "300", "--start-ms-max", "3000", "--fails", "1")
        world.wait_attached(options.agents)
        wait_well(world, options.agents)
        browser = Browser(1680, 1000)
        try:
            browser.prefer(prefers_color_scheme="dark" if options.dark else "light")
            page = Page(browser, f"https://127.0.0.1:{web.port}", TOKEN)
            print(f"drawn    {page_bench.measure_drawn(page, 3):8.0f} ms, {options.agents} nodes", flush=True)
            job = world.muster("resubscribe", "--no-verify", "--all", "--settle", "0s", "--rate", f"{options.agents // SECONDS}/s",
                               "--max-failures", "100%", "--detach")["name"].removeprefix("jobs/")
            page.open(f"/?job={job}")
            fps, painted, worst = page.module(page_bench.COUNT_FRAMES, SECONDS // 2)
            print(f"fps      {fps:8.1f} a second, of them painted {painted:.1f}; the longest time between two {worst:.0f} ms", flush=True)
            if options.shot:
                browser.screenshot(options.shot)
            fleet.wait_until(lambda: world.muster("job", "show", job, code=None)["state"] != "RUNNING", "the job has ended", 120)
            time.sleep(1)
            shown = page.legend()
            print(f"at the end the page shows {shown['succeeded']} succeeded, {shown.get('failed', 0)} failed, of "
                  f"{sum(shown.values())}")
        finally:
            browser.close()


if __name__ == "__main__":
    main()
