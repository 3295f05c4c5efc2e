import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Dockerfiles(unittest.TestCase):
    def test_what_was_built_runs_on_the_same_system(self):
        # An executable wants the C library that it was linked with, or a later one; an older image would not start it.
        listed = subprocess.run(["git", "ls-files", "Dockerfile", "*/Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=True)
        files = listed.stdout.split()
        self.assertIn("tests/conformance/Dockerfile", files)
        for name in files:
            images = re.findall(r"^FROM (\S+)", (ROOT / name).read_text(), re.MULTILINE)
            self.assertEqual({image.removesuffix("-slim") for image in images}, {images[0]}, name)

    def test_what_builds_everything_installs_all_that_is_linked(self):
        # Configuring looks for every library, whichever target is built.
        listed = subprocess.run(["git", "ls-files", "*/Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=True)
        libraries = re.findall(r"^build\s+(\S+-dev)\s", (ROOT / "tools/packages.txt").read_text(), re.MULTILINE)
        self.assertIn("libssl-dev", libraries)
        for name in listed.stdout.split():
            text = (ROOT / name).read_text()
            if "cmake --preset release &&" in text:
                self.assertEqual([library for library in libraries if f" {library} " not in text.replace("\n", " ")], [], name)


if __name__ == "__main__":
    unittest.main()
