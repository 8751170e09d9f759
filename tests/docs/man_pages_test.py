"""The manual pages: man and mandoc read them without a complaint, and there is one for each verb."""

import glob
import os
import subprocess
import unittest

MAN = os.path.join(os.environ["DOCS"], "man")
# No date: it would be that of the build.
HARMLESS = ("missing date", "no date", "RCS id", "operating system")


def pages():
    found = sorted(glob.glob(os.path.join(MAN, "man*", "*")))
    if not found:
        raise AssertionError(f"no pages in {MAN}")
    return found


class ManPagesTest(unittest.TestCase):
    def test_mandoc_has_nothing_to_say(self):
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *pages()], capture_output=True, text=True, check=False)
        complaints = [line for line in done.stdout.splitlines() if not any(words in line for words in HARMLESS)]
        self.assertEqual([], complaints)

    def test_man_shows_them_without_a_warning(self):
        for page in pages():
            with self.subTest(page):
                done = subprocess.run(["man", "--warnings", "-l", page], capture_output=True, text=True, check=False,
                                      env={**os.environ, "MANPAGER": "cat", "LC_ALL": "C.UTF-8", "MANWIDTH": "100"})
                self.assertEqual((0, ""), (done.returncode, done.stderr))
                self.assertIn("SEE ALSO", done.stdout)

    def test_each_verb_has_one_and_each_that_is_referred_to_is_there(self):
        names = {os.path.basename(page) for page in pages()}
        self.assertLessEqual({"muster.1", "muster-job-list.1", "muster-resubscribe.1", "muster-pki-issue.1", "musterd.8",
                              "muster-agent.8", "muster.toml.5", "musterd.toml.5", "agent.toml.5"}, names)
        for page in pages():
            with open(page, encoding="utf-8") as file:
                for line in file:
                    if line.startswith(".BR "):
                        name, section = line.split()[1:3]
                        self.assertIn(f"{name}.{section.strip('(),')}".replace("\\", ""), names, page)

    def test_the_settings_have_their_keys(self):
        for name, keys in [("musterd", ["listen", "age", "gateway", "token_file"]), ("agent", ["controllers", "units"]),
                           ("muster", ["controller", "tls_dir", "pager"])]:
            with open(os.path.join(MAN, "man5", f"{name}.toml.5"), encoding="utf-8") as file:
                text = file.read().replace("\\", "")
            for key in keys:
                self.assertIn(f".TP\nfB{key}", text)

    def test_the_programs_page_has_its_files_and_its_environment(self):
        with open(os.path.join(MAN, "man1", "muster.1"), encoding="utf-8") as file:
            text = file.read().replace("\\", "")
        for word in ("/etc/muster/muster.toml", "/etc/clustershell", "MUSTER_CONTROLLER", "MUSTER_TLS_DIR", "MUSTER_CONFIG", "MUSTER_PAGER",
                     "NO_COLOR", "CLUSTERSHELL_CFGDIR"):
            self.assertIn(f".TP\nfB{word}", text)
        for words in ("a!b", "a&b", "@GROUP"):
            self.assertIn(words, text)

    def test_the_daemons_pages_have_their_options(self):
        for name, options in [("musterd", ["--listen", "--state-dir", "--restored"]),
                              ("muster-agent", ["--controller", "--state-dir", "--debug"])]:
            with open(os.path.join(MAN, "man8", f"{name}.8"), encoding="utf-8") as file:
                text = file.read().replace("\\", "")
            for option in options:
                self.assertIn(f".TP\nfB{option}", text)


if __name__ == "__main__":
    unittest.main()
