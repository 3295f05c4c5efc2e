import unittest

from tidy import check, types_of_one_name


class TidyTest(unittest.TestCase):
    def test_time_and_chance_come_from_base(self):
        self.assertEqual(len(check("src/core/a.cpp", "auto t = std::chrono::system_clock::now();\n")), 1)
        self.assertEqual(check("src/base/clock.cpp", "auto t = std::chrono::system_clock::now();\n"), [])

    def test_unit_tests_do_not_sleep(self):
        self.assertEqual(len(check("src/core/a_test.cpp", "std::this_thread::sleep_for(1s);\n")), 1)

    def test_a_line_may_be_excused_with_a_reason(self):
        self.assertEqual(check("src/net/a_test.cpp", "sleep_for(1s);  // tidy: allow the kernel needs it\n"), [])

    def test_marks_need_an_owner(self):
        mark = "TO" + "DO"
        self.assertEqual(len(check("src/core/a.cpp", f"// {mark} later\n")), 1)
        self.assertEqual(check("src/core/a.cpp", f"// {mark}(kim) later\n"), [])

    def test_long_files_and_functions_are_told(self):
        self.assertEqual(len(check("src/core/a.cpp", "int x;\n" * 501)), 1)
        self.assertEqual(len(check("src/core/a.cpp", "int f() {\n" + "    g();\n" * 71 + "}\n")), 1)
        self.assertEqual(check("src/core/a.cpp", "int f() {\n" + "    g();\n" * 70 + "}\n"), [])
        self.assertEqual(check("src/core/a.cpp", "namespace x {\n" + "int y;\n" * 80 + "}\n"), [])

    def test_a_name_stands_for_one_type(self):
        one = "namespace a::b {\nclass X {\n    struct Y {};\n};\nstruct Y;\n}  // namespace a::b\n"
        other = "namespace a::b {\nstruct Y {};\nnamespace {\nstruct X {};\n}  // namespace\n"
        self.assertEqual(list(types_of_one_name({"src/1.hpp": one, "src/2.cpp": other + "}  // namespace a::b\n"})), [])
        told = list(types_of_one_name({"src/1.hpp": one, "src/2.cpp": other + "class X final : Y {\n};\n"}))
        self.assertEqual(len(told), 1)
        self.assertIn("src/2.cpp: a::b::X is in src/1.hpp, too", told[0])

    def test_headers_say_what_they_are_for(self):
        self.assertEqual(check("src/core/a.hpp", "// Decides.\n#pragma once\n"), [])
        self.assertEqual(len(check("src/core/a.hpp", "int x;\n")), 2)


if __name__ == "__main__":
    unittest.main()
