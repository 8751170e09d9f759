"""The page shows what the controller tells, as it changes, to everybody: read back from the canvas and the document of a real browser.

    (cd tests/web && /usr/bin/python3 -m unittest discover -p '*_test.py')     # these and the others; Debian's python3, for selenium is its
"""

import unittest

from selenium.webdriver.common.keys import Keys

import machine
from browser import wait_until
from page_case import INKS, JOB, LOST_ORCA, NOT_SUBSCRIBED, PageCase, small_machine

OTHER_JOB = "01a1ffaa-0000-7333-b74f-3ec23bb9c430"
# Of texts and what they stand upon, in style.css; marks need 3.
READABLE = [("text", "page"), ("text", "paper"), ("muted", "page"), ("muted", "paper"), ("muted", "hover"), ("accent", "paper"),
            ("bad-text", "paper"), ("bad-text", "hover"), ("well-text", "paper"), ("warn-text", "warn-page"), ("ink-name", "ink-well"),
            ("ink-name", "ink-bad"), ("ink-name", "ink-sky")]
VISIBLE = [("ink-well", "map-box"), ("ink-bad", "map-box"), ("ink-dim", "map-box"), ("ink-blue", "map-box"), ("ink-text", "map-box"),
           ("ink-mark", "ink-bad")]


class PictureTest(PageCase):
    def test_each_node_is_painted_by_its_verdict(self):
        page = self.serve(small_machine()).open()
        self.assertEqual((16, 3, 1), page.counts())
        self.assertEqual({"well": 16, "degraded": 3, "unknown": 1}, page.legend())
        self.assertEqual("degraded", page.text("#verdict"))
        for number, letters in enumerate(self.stand_in.machine.letters):
            with self.subTest(node=number):
                self.assertIn(page.ink(INKS[machine.verdict(letters)]), page.colours(number)[:2])

    def test_nothing_is_told_by_colour_alone(self):
        page = self.serve(small_machine()).open()
        self.assertIn(page.ink("mark"), page.colours(3), "what is degraded has a mark")
        self.assertNotIn(page.ink("mark"), page.colours(0))
        self.assertNotEqual(page.ink("dim"), page.colours(15)[0], "what is unknown is hollow")

    def test_a_change_is_painted_and_nothing_else_is(self):
        page = self.serve(small_machine()).open()
        page.module("const {view} = main, all = view.drawMachine; window.machines = 0;"
                    "view.drawMachine = function(...its) { ++window.machines; all.apply(this, its); };")
        self.stand_in.change({0: NOT_SUBSCRIBED})
        page.wait_ink(0, "bad")
        self.stand_in.change({0: machine.WELL, 15: machine.WELL})
        page.wait_ink(15, "well")
        page.wait_ink(0, "well")
        self.assertEqual((17, 3, 0), page.counts())
        self.assertEqual(0, page.run("return machines"))

    def test_one_condition_can_be_chosen(self):
        page = self.serve(small_machine()).open()
        page.element("#colour option[value=Subscribed]").click()
        self.assertEqual({"True": 17, "False": 2, "Unknown": 1, "says nothing": 0}, page.legend())
        page.wait_ink(7, "bad")
        page.wait_ink(3, "well")
        self.stand_in.change({3: NOT_SUBSCRIBED})
        page.wait_ink(3, "bad")
        page.element("#colour option[value=ContentMounted]").click()
        page.wait_ink(0, "faint")

    def test_nodes_come_and_go(self):
        page = self.serve(small_machine()).open()
        self.stand_in.replace(machine.Machine(machine.xnames(50), is_well=True))
        wait_until(lambda: page.counts() == (50, 0, 0), "the new nodes are shown")
        page.wait_ink(49, "well")

    def test_a_machine_without_nodes(self):
        page = self.serve(machine.Machine([])).open()
        page.wait_text("#empty", "No node is known yet")
        page.wait_text("#wrong-note", "Nothing that Muster knows of")
        page.press(Keys.END, "#map")
        self.assertEqual((0, 0, 0), page.counts())

    def test_names_of_any_kind(self):
        names = ["login-1", "x1000c0s0b0n0", "x1000", "x3000c0s11b0n0", "x3000c0s41b0n0"]
        page = self.serve(machine.Machine(names, is_well=True)).open()
        self.assertEqual(["x1000", "x3000", "other"], page.module("return main.view.layout.cabinets.map(({label}) => label)"))
        for number, name in enumerate(names):
            page.wait_ink(number, "well")
            page.point(number)
            page.wait_text("#tip", name)

    def test_what_the_controller_tells_is_text(self):
        bad = "<img src=x onerror=document.title='bad'>"
        made = machine.Machine([bad, "x1000c0s0b0n0"], is_well=True)
        made.aliases[0] = "<b>alias</b>"
        made.change({0: LOST_ORCA})
        made.messages[(0, 1)] = "<script>document.title = 'bad'</script>"
        page = self.serve(made)
        self.add_job(2).what = "restart <u>it</u>"
        page.open(f"/?job={JOB}")
        page.point(0, click=True)
        page.wait_text("#node-name", bad)
        page.wait_text("#node-body", "<script>document.title = 'bad'</script>")
        page.wait_text("#tip", "<b>alias</b>")
        page.wait_text("#wrong", bad)
        page.wait_text("#events", "<script>")
        page.wait_text("#job-what", "restart <u>it</u>")
        self.assertEqual(0, page.run("return document.querySelectorAll('img[src=x], u, aside script, aside b:empty').length"))
        self.assertNotEqual("bad", page.run("return document.title"))


class JobTest(PageCase):
    def test_a_job_is_painted_over_the_map_and_left(self):
        page = self.serve(small_machine())
        job = self.add_job()
        self.add_job(5, OTHER_JOB)
        job.put({0: "SUCCEEDED", 1: "FAILED", 2: "RUNNING"})
        page.open()
        page.wait_text("#jobs", "2 of 20 ended, 1 not well")
        page.click(f"#jobs button[data-key='{JOB}']")
        page.wait_ink(1, "bad")
        page.wait_ink(0, "well")
        page.wait_ink(2, "sky")
        self.assertEqual(17, page.legend()["pending"])
        self.assertTrue(self.browser.driver.current_url.endswith(f"/?job={JOB}"))
        self.assertEqual("10", page.element("#job-bar").get_attribute("aria-valuenow"))
        self.stand_in.change_job(job, {number: "SUCCEEDED" for number in range(20)})
        page.wait_ink(19, "well")
        page.wait_text("#job-counts", "20 of 20 ended")
        page.point(19)
        page.wait_text("#tip", "succeeded")
        page.click("#job-leave")
        page.wait_ink(15, "dim")
        self.assertFalse(page.element("#job").is_displayed())
        self.browser.driver.back()
        page.wait_text("#job-what", "restart ORCA")
        page.wait_ink(15, "well")

    def test_a_job_is_linked_to(self):
        page = self.serve(small_machine())
        self.add_job(5).put({4: "TIMED_OUT"})
        page.open(f"/?job={JOB}")
        page.wait_ink(4, "amber")
        page.wait_ink(5, "faint")
        self.assertEqual(15, page.legend()["not in this job"])
        self.stand_in.change({5: NOT_SUBSCRIBED})
        wait_until(lambda: page.counts() == (15, 4, 1), "verdicts are counted beneath the job")
        self.assertNotIn(page.ink("bad"), page.colours(5))

    def test_a_job_that_nobody_knows(self):
        self.may_complain = True
        page = self.serve(small_machine()).open("/?job=0")
        page.wait_text("#job-counts", "there is no job 0")
        page.click("#job-leave")
        page.wait_ink(3, "bad")

    def test_tasks_follow_nodes_that_are_numbered_anew(self):
        page = self.serve(small_machine())
        job = self.add_job(5)
        job.put({4: "FAILED"})
        page.open(f"/?job={JOB}")
        page.wait_ink(4, "bad")
        job.tasks = ["NOT_APPLICABLE"] + job.tasks
        self.stand_in.replace(machine.Machine(["x999c0s0b0n0", *machine.xnames(20)], is_well=True))
        page.wait_ink(5, "bad")
        self.assertNotIn(page.ink("bad"), page.colours(4))


class FindTest(PageCase):
    def test_nodes_are_found_by_a_node_set(self):
        page = self.serve(small_machine()).open()
        page.press("/")
        self.assertEqual("query", page.focused())
        page.press("x1000c0s[0-1]b0n0,nid000020" + Keys.ENTER)
        page.wait_text("#found", "3 nodes found")
        self.assertEqual(3, page.highlighted())
        wait_until(lambda: page.ink("well") in page.colours(19), "what is found is as bright as before")
        wait_until(lambda: page.ink("well") not in page.colours(1), "all else is dimmed")
        page.press(Keys.ESCAPE)
        wait_until(lambda: page.ink("well") in page.colours(1), "all is bright again")
        self.assertEqual("", page.element("#query").get_attribute("value"))
        self.assertIsNone(page.highlighted())

    def test_what_cannot_be_found_is_said_as_the_controller_says_it(self):
        self.may_complain = True
        page = self.serve(small_machine()).open()
        page.press("x9c0s0b0n0" + Keys.ENTER, "#query")
        page.wait_text("#found", "nobody knows a node x9c0s0b0n0")
        self.assertEqual("true", page.element("#query").get_attribute("aria-invalid"))
        self.assertIsNone(page.highlighted())

    def test_a_group_shows_its_nodes(self):
        page = self.serve(small_machine()).open()
        page.wait_text("#wrong", "NotSubscribed")
        self.assertIn("Subscribed False", page.texts("#wrong .card")[0], "the worst comes first")
        page.click("#wrong .card")
        self.assertEqual(2, page.highlighted())
        wait_until(lambda: page.ink("bad") not in page.colours(3), "others are dimmed")
        self.assertIn(page.ink("bad"), page.colours(7))
        page.click("#wrong .card")
        self.assertIsNone(page.highlighted())
        page.click("#events button")
        self.assertEqual(2, page.highlighted())
        page.click("#legend li:nth-child(3) button")
        self.assertEqual(1, page.highlighted())

    def test_the_lists_follow_what_changes(self):
        page = self.serve(machine.Machine(machine.xnames(20), is_well=True)).open()
        page.wait_text("#wrong-note", "Nothing that Muster knows of")
        self.stand_in.change({4: LOST_ORCA, 5: LOST_ORCA})
        page.wait_text("#wrong", "OrcaActive False")
        page.wait_text("#wrong", "x1000c0s1b0n[0-1]")
        page.wait_text("#events", "CrashLoop")


class KeyboardTest(PageCase):
    def test_the_map_is_walked_with_keys(self):
        page = self.serve(small_machine()).open()
        page.press(Keys.HOME, "#map")
        page.wait_text("#said", "x1000c0s0b0n0, nid000001, Compute: well")
        page.press(Keys.ARROW_DOWN)
        page.wait_text("#said", "x1000c0s0b0n1")
        page.press(Keys.ARROW_RIGHT)
        page.wait_text("#said", "x1000c0s1b0n1")
        page.press(Keys.ARROW_LEFT + Keys.ARROW_DOWN + Keys.ARROW_DOWN)
        page.wait_text("#said", "x1000c0s0b1n1, nid000004, Compute: degraded, OrcaActive False")
        self.assertTrue(page.element("#cursor").is_displayed())
        page.wait_text("#tip", "x1000c0s0b1n1")
        page.press(Keys.END)
        page.wait_text("#said", "x1000c0s4b1n1")
        page.press(Keys.ENTER)
        wait_until(lambda: page.focused() == "node-name", "details have the focus")
        self.assertEqual("x1000c0s4b1n1", page.text("#node-name"))
        page.click("#node-close")
        self.assertEqual("map", page.focused())

    def test_every_node_is_reached(self):
        names = [*machine.xnames(150), *(f"x3000c0s{slot}b0n0" for slot in range(1, 40, 2)), "login-1", "login-2"]
        page = self.serve(machine.Machine(names, is_well=True)).open()
        reached = page.module("""
            return import('/layout.js').then(({neighbour}) => {
              const seen = new Set([main.cursor.first()]);
              const ways = ['ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown'];
              for (const i of seen) for (const way of ways) seen.add(neighbour(main.view.layout, i, way));
              return seen.size;
            });""")
        self.assertEqual(len(names), reached)

    def test_everything_is_reached_with_tab(self):
        page = self.serve(small_machine())
        self.add_job()
        page.open()
        page.wait_text("#wrong", "NotSubscribed")
        page.wait_text("#jobs", "restart ORCA")
        page.wait_text("#events", "NotSubscribed")
        seen = []
        for _ in range(30):
            page.press(Keys.TAB)
            seen.append(page.run("const it = document.activeElement; return it.id || it.closest('[id]')?.id"))
        self.assertLessEqual({"theme", "query", "colour", "legend", "map", "wrong", "jobs", "events"}, set(seen))

    def test_the_page_is_named_for_who_does_not_see_it(self):
        page = self.serve(small_machine()).open()
        self.assertEqual("en", page.run("return document.documentElement.lang"))
        for tag in ("header", "main", "aside", "h1"):
            self.assertEqual(1, page.run("return document.querySelectorAll(arguments[0]).length", tag), tag)
        self.assertEqual("The machine: 20 nodes, 16 well, 3 degraded, 1 unknown", page.element("#map").get_attribute("aria-label"))
        unnamed = page.run("""return [...document.querySelectorAll('button, input, select')]
            .filter((each) => !each.innerText && !each.labels?.length && !each.ariaLabel).map((each) => each.outerHTML)""")
        self.assertEqual([], unnamed)


class ThemeTest(PageCase):
    def tearDown(self):
        self.page.run("localStorage.clear()")
        super().tearDown()

    def test_dark_as_the_system_is_and_as_the_button_says(self):
        self.browser.prefer(prefers_color_scheme="dark")
        page = self.serve(small_machine()).open()
        dark = page.ink("well")
        page.wait_ink(0, "well")
        self.browser.prefer(prefers_color_scheme="light")
        wait_until(lambda: page.ink("well") != dark, "it is light as soon as the system is")
        page.wait_ink(0, "well")
        page.click("#theme")
        self.assertEqual(dark, page.ink("well"))
        page.wait_ink(0, "well")
        page.open()
        self.assertEqual(dark, page.ink("well"), "it is kept")

    def test_texts_are_readable_in_both(self):
        page = self.serve(small_machine())
        for theme in ("light", "dark"):
            self.browser.prefer(prefers_color_scheme=theme)
            page.open()
            for pairs, least in ((READABLE, 4.5), (VISIBLE, 3)):
                for over, under in pairs:
                    with self.subTest(theme=theme, over=over, under=under):
                        self.assertGreaterEqual(contrast(*(self.colour(page, name) for name in (over, under))), least)

    def colour(self, page, name):
        text = page.run("return getComputedStyle(document.documentElement).getPropertyValue('--' + arguments[0]).trim()", name)
        return [int(text[at:at + 2], 16) / 255 for at in (1, 3, 5)]

    def test_from_a_phone_to_a_wall(self):
        page = self.serve(small_machine())
        self.add_job()
        for width, height, ratio in ((360, 640, 3), (800, 600, 1), (3840, 2160, 1), (1920, 1080, 1.25)):
            with self.subTest(width=width):
                self.browser.resize(width, height, ratio)
                page.open(f"/?job={JOB}")
                self.assertLessEqual(page.run("return document.documentElement.scrollWidth"), width)
                page.wait_ink(0, "dim")
                self.assertEqual(int(page.run("return document.getElementById('map').clientWidth") * ratio + 0.5),
                                 page.run("return document.getElementById('map').width"))


class PartsTest(PageCase):
    def test_node_sets_are_unfolded(self):
        page = self.serve(small_machine()).open()
        for folded, names in (("x1000c[0-1]s0b0n[0,3]", ["x1000c0s0b0n0", "x1000c0s0b0n3", "x1000c1s0b0n0", "x1000c1s0b0n3"]),
                              ("nid[000009-000010,12],a", ["nid000009", "nid000010", "nid12", "a"]), ("", []), ("x[z-a]", ["xz-a"])):
            with self.subTest(folded=folded):
                self.assertEqual(names, page.module("return import('/nodeset.js').then(({expand}) => expand(args[0]))", folded))

    def test_events_come_in_pieces_of_any_size(self):
        page = self.serve(small_machine()).open()
        text = "retry: 2000\n\n: a comment\nevent: map\ndata: {\"a\":\ndata: 1}\n\nevent: reload\r\ndata: {}\r\n\r\ndata\n\nevent: none\n\n"
        for size in (1, 3, len(text)):
            got = page.module("""
                return import('/live.js').then(({EventParser}) => {
                  const events = [], parser = new EventParser((...event) => events.push(event));
                  for (let at = 0; at < args[0].length; at += args[1]) parser.feed(args[0].slice(at, at + args[1]));
                  return events;
                });""", text, size)
            self.assertEqual([["map", '{"a":\n1}'], ["reload", "{}"], ["message", ""]], got)


def contrast(one, other):
    """As WCAG reckons it."""
    def luminance(colour):
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


if __name__ == "__main__":
    unittest.main()
