import tempfile
import unittest
from pathlib import Path

import check_docs


class Docs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "a.cpp").write_text("void f() {\n    // [one]\n    g();\n        h();\n    // [/one]\n}\n")

    def test_an_example_is_its_source_without_indentation(self):
        complaints = []
        page = "<!-- source: a.cpp#one -->\n```cpp\ng();\n    h();\n```\n"
        self.assertEqual(check_docs.with_examples(self.root, "p.md", page, complaints), page)
        self.assertEqual(complaints, [])

    def test_what_differs_is_told_and_made_right(self):
        complaints = []
        fresh = check_docs.with_examples(self.root, "p.md", "<!-- source: a.cpp#one -->\n```cpp\nold();\n```\n", complaints)
        self.assertEqual(fresh, "<!-- source: a.cpp#one -->\n```cpp\ng();\n    h();\n```\n")
        self.assertIn("differs from a.cpp#one", complaints[0])

    def test_an_example_has_a_source_that_exists(self):
        complaints = []
        check_docs.with_examples(self.root, "p.md", "text\n```cpp\nx\n```\n", complaints)
        check_docs.with_examples(self.root, "p.md", "<!-- source: a.cpp#two -->\n```cpp\nx\n```\n", complaints)
        check_docs.with_examples(self.root, "p.md", "<!-- source: b.cpp#one -->\n```cpp\nx\n```\n", complaints)
        self.assertEqual([one.split(": ", 1)[1].split(";")[0] for one in complaints],
                         ["this example names no source", "there is no region two in a.cpp", "there is no region one in b.cpp"])

    def test_links_lead_to_files_and_headings(self):
        (self.root / "docs").mkdir()
        (self.root / "docs/b.md").write_text("# The `b` page: all\n")
        page = "[a](../a.cpp) [b](b.md#the-b-page-all) [c](c.md) [d](b.md#d) [e](https://e) ```\n[f](f)\n```"
        self.assertEqual(list(check_docs.broken_links(self.root, "docs/p.md", page)),
                         ["docs/p.md: the link c.md leads nowhere", "docs/p.md: b.md has no heading #d"])

    def test_tests_are_known_by_the_names_that_a_page_uses(self):
        cpp = "TEST(A, One) {\n    TEST_F(B,\n           Two)\nRC_GTEST_PROP(C, Three, (int x)) {\n// see TEST(D, Four)\n"
        self.assertEqual(check_docs.tests_of("src/a_test.cpp", cpp), {"A.One", "B.Two", "C.Three"})
        python = "def test_one(server):\nclass A:\n    def test_two(self):\ndef helper():\n"
        self.assertEqual(check_docs.tests_of("tests/e2e/test_a.py", python),
                         {"tests/e2e/test_a.py::test_one", "tests/e2e/test_a.py::test_two"})

    def test_each_row_names_tests_that_exist(self):
        page = ("| trap | Holdpoint | held by |\n| --- | --- | --- |\n| a | `A.Gone` in prose | `A.One`, `t/test_a.py::test_b` |\n"
                "| b | c | `A.Two`, `t/test_a.py::test_c` |\n| c | `A.One` | by nobody |\n")
        self.assertEqual(list(check_docs.wrong_test_names("p.md", page, {"A.One", "t/test_a.py::test_b"})),
                         ["p.md:4: there is no test A.Two", "p.md:4: there is no test t/test_a.py::test_c",
                          "p.md:5: this row names no test"])

    def test_only_tables_with_the_pages_head_name_tests(self):
        page = "| who | with what |\n| --- | --- |\n| a | b |\n\n| asset | threat | covered by |\n| --- | --- | --- |\n| a | b | `A.One` |\n| c | d | e |\n"
        self.assertEqual(list(check_docs.wrong_test_names("p.md", page, {"A.One"}, "| asset |")), ["p.md:8: this row names no test"])


if __name__ == "__main__":
    unittest.main()
