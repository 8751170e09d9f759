"""The page with a machine of ten thousand nodes: every node in its place and in its colour. No time is measured; page_bench.py does."""

import unittest

import machine
from browser import wait_until
from page_case import INKS, JOB, NOT_SUBSCRIBED, PageCase

NODES = 10000
# No mark but a slash reaches into the upper left corner of a node.
COUNT_CORNERS = """
    const {view, model} = main, {x, y} = view.layout;
    const context = new OffscreenCanvas(view.canvas.width, view.canvas.height).getContext('2d', {willReadFrequently: true});
    context.drawImage(view.canvas, 0, 0);
    const {data, width} = context.getImageData(0, 0, view.canvas.width, view.canvas.height);
    const tally = {};
    for (let i = 0; i < model.size; ++i) {
      const at = 4 * (Math.round(y[i] - view.scroller.scrollTop) * width + Math.round(x[i]));
      const colour = '#' + [...data.slice(at, at + 3)].map((part) => part.toString(16).padStart(2, '0')).join('');
      tally[colour] = (tally[colour] ?? 0) + 1;
    }
    return tally;"""


class LargeTest(PageCase):
    def open(self, path="/"):
        self.browser.resize(1920, 1200)
        return self.page.open(path)

    def corners(self):
        """{colour: how many nodes have it in their upper left corner}"""
        return self.page.module(COUNT_CORNERS)

    def wait_corners(self, expected):
        wanted = {self.page.ink(ink): count for ink, count in expected.items() if count}
        wait_until(lambda: self.corners() == wanted, f"the map has {expected}")

    def test_every_node_is_painted_by_its_verdict(self):
        page = self.serve(machine.Machine(machine.xnames(NODES)))
        self.open()
        verdicts = [machine.verdict(letters) for letters in self.stand_in.machine.letters]
        counts = {INKS[name]: verdicts.count(name) for name in INKS}
        self.assertEqual(tuple(counts.values()), page.counts())
        self.wait_corners(counts)
        number = verdicts.index("well")
        self.stand_in.change({number: NOT_SUBSCRIBED})
        page.wait_ink(number, "bad")
        self.wait_corners({**counts, "well": counts["well"] - 1, "bad": counts["bad"] + 1})

    def test_every_node_is_under_its_pixels(self):
        page = self.serve(machine.Machine(machine.xnames(NODES)))
        self.open()
        missed = page.module("""
            return import('/layout.js').then(({nodeAt}) => {
              const {layout} = main.view, half = layout.measures.size / 2;
              return main.model.names.filter((name, i) => nodeAt(layout, layout.x[i] + half, layout.y[i] + half) !== i).length;
            });""")
        self.assertEqual(0, missed)
        self.assertEqual(40, page.module("return main.view.layout.cabinets.length"))
        page.point(5000, click=True)
        page.wait_text("#tip", self.stand_in.machine.names[5000])
        page.wait_text("#node-name", self.stand_in.machine.names[5000])

    def test_a_job_of_all_nodes_is_followed(self):
        page = self.serve(machine.Machine(machine.xnames(NODES)))
        job = self.add_job(NODES)
        self.open(f"/?job={JOB}")
        wait_until(lambda: page.legend()["pending"] == NODES, "all tasks are known")
        for _ in range(50):
            self.stand_in.go_on(job, 1000)
        self.assertNotEqual("RUNNING", job.state)
        counts = job.counts()
        told = {state.lower().replace("_", " "): count for state, count in counts.items()}
        wait_until(lambda: {word: count for word, count in page.legend().items() if count} == told, "all ends are counted")
        page.wait_text("#job-counts", "10,000 of 10,000 ended")
        corners = self.corners()
        self.assertEqual(NODES, sum(corners.values()))
        for ink, states in (("well", ("SUCCEEDED", "ALREADY_SATISFIED")), ("bad", ("FAILED",)), ("text", ("LOST",))):
            self.assertEqual(sum(counts.get(state, 0) for state in states), corners[page.ink(ink)], ink)

    def test_a_small_window_scrolls_to_what_is_found(self):
        page = self.serve(machine.Machine(machine.xnames(NODES), is_well=True))
        self.browser.resize(700, 600)
        page.open()
        page.press("x1039c0s0b0n0\n", "#query")
        page.wait_text("#found", "1 node found")
        number = self.stand_in.machine.numbers["x1039c0s0b0n0"]
        page.wait_ink(number, "well")
        self.assertGreater(page.run("return document.getElementById('scroller').scrollTop"), 0)


if __name__ == "__main__":
    unittest.main()
