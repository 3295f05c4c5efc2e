"""Tests of check_public_headers.py, over headers of their own."""
import tempfile
import unittest
from pathlib import Path

from check_public_headers import check_folder


class CheckPublicHeadersTest(unittest.TestCase):
    def complaints(self, text):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "it.hpp").write_text(text)
            return "\n".join(check_folder(Path(folder), ["g++"]))

    def test_takes_the_standard_library_and_describe(self):
        self.assertEqual(self.complaints("#pragma once\n#include <boost/describe.hpp>\n#include <thread>\n#include <atomic>\n"), "")

    def test_refuses_what_needs_another_header(self):
        self.assertIn("does not compile alone", self.complaints("#pragma once\ninline std::string it() { return {}; }\n"))

    def test_refuses_warnings(self):
        self.assertIn("conversion", self.complaints("#pragma once\ninline int it(long value) { return value; }\n"))

    def test_refuses_no_guard(self):
        self.assertIn("redefinition", self.complaints("struct It {};\n"))

    def test_refuses_other_libraries(self):
        self.assertIn("pulls in", self.complaints("#pragma once\n#include <boost/json/fwd.hpp>\n"))
        self.assertIn("pulls in", self.complaints("#pragma once\n#include <fmt/core.h>\n"))


if __name__ == "__main__":
    unittest.main()
