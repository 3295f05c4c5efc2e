import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class FuzzRun(unittest.TestCase):
    def said(self, target):
        with tempfile.TemporaryDirectory() as nothing_built:
            done = subprocess.run([ROOT / "fuzz/run.sh", target, "1"], env={"PATH": "/usr/bin:/bin", "HOLDPOINT_BIN": nothing_built},
                                  capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        return done.stdout

    def test_what_is_not_built_is_not_called_unknown(self):
        said = self.said("policy")
        self.assertIn("fuzz_policy is not built: cmake --preset asan && cmake --build --preset asan --target fuzz_policy", said)
        self.assertNotIn("no fuzz target", said)

    def test_what_there_is_not_is(self):
        self.assertIn("no fuzz target 'polic'; there are: approvals_event ", self.said("polic"))


if __name__ == "__main__":
    unittest.main()
