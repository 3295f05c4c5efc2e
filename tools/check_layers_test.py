import tempfile
import unittest
from pathlib import Path

from check_layers import ALLOWED, LIBRARIES, check_file, check_tree, find_cycle


class CheckLayersTest(unittest.TestCase):
    def test_what_a_row_names_and_what_that_may_include_is_allowed(self):
        self.assertEqual(check_file("core/a.cpp", '#include "wire/durable.hpp"\n#include "base/clock.hpp"\n#include <vector>\n'), [])
        self.assertEqual(check_file("engine/a.cpp", '#include "store/store.hpp"\n#include "topics/model.hpp"\n'), [])
        self.assertEqual(check_file("cli/a.cpp", '#include "approvals/domain/model.hpp"\n'), [])

    def test_what_no_row_names_is_refused(self):
        for path, include in [("core/a.cpp", "net/http.hpp"), ("engine/a.cpp", "store/sqlite/db.hpp"), ("cli/a.cpp", "approvals/workflow/w.hpp"),
                              ("sdk/a.cpp", "engine/writer.hpp"), ("base/a.hpp", "wire/durable.hpp"), ("cli/a.cpp", "server/main.hpp")]:
            self.assertEqual(len(check_file(path, f'#include "{include}"\n')), 1, (path, include))

    def test_public_headers_see_std_and_describe_only(self):
        self.assertEqual(check_file("durable/durable.hpp", "#include <string>\n#include <boost/describe.hpp>\n#include <durable/retry.hpp>\n"), [])
        self.assertEqual(len(check_file("durable/durable.hpp", "#include <boost/json.hpp>\n#include <fmt/format.h>\n")), 2)

    def test_heavy_libraries_stay_in_their_rooms(self):
        self.assertEqual(check_file("store/a.cpp", "#include <sqlite3.h>\n"), [])
        self.assertEqual(len(check_file("core/a.cpp", "#include <sqlite3.h>\n#include <boost/asio.hpp>\n")), 2)

    def test_unknown_folders_and_wrong_paths_are_told(self):
        self.assertIn("no row", check_file("attic/a.cpp", "")[0])
        self.assertIn("not a path from src/", check_file("core/a.cpp", '#include "decide.hpp"\n')[0])

    def test_the_simulation_sees_everything_but_server_and_cli(self):
        self.assertEqual(check_file("sim/a.cpp", '#include "engine/writer.hpp"\n#include "sdk/hooks.hpp"\n#include "sim/world.hpp"\n'), [])
        self.assertEqual(len(check_file("sim/a.cpp", '#include "server/server.hpp"\n#include "cli/commands.hpp"\n')), 2)
        self.assertEqual(len(check_file("engine/a.cpp", '#include "sim/nature.hpp"\n')), 1)

    def test_rings_are_found(self):
        self.assertEqual(find_cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}}), ["a", "b", "c", "a"])
        self.assertIsNone(find_cycle({"a": {"b", "c"}, "b": {"c"}}))

    def test_the_table_itself_has_no_ring_and_names_only_rooms(self):
        self.assertIsNone(find_cycle({folder: {entry.split("/")[0] for entry in row} - {folder.split("/")[0]} for folder, row in ALLOWED.items()}))
        for folders in LIBRARIES.values():
            for folder in folders:
                self.assertIn(folder, ALLOWED)

    def test_a_tree_is_read_from_disk(self):
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            (root / "src/core").mkdir(parents=True)
            (root / "src/core/a.cpp").write_text('#include "net/http.hpp"\n')
            self.assertEqual(len(check_tree(root)), 1)


if __name__ == "__main__":
    unittest.main()
