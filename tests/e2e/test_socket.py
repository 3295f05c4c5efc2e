"""Functions of the SDK come over the server's Unix socket; where there can be none they come as on AWS."""
import os
import stat

from holdpoint import Approvals, Server


def sockets_of(pid):
    """The numbers of a process's open sockets."""
    opened = [os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")]
    return {name.removeprefix("socket:[").removesuffix("]") for name in opened if name.startswith("socket:[")}


def listed(table, column):
    with open(f"/proc/net/{table}") as lines:
        return {line.split()[column] for line in lines.readlines()[1:]}


def decide_one(server):
    server.deploy(ApprovalWaitMode="callback")
    approvals = Approvals(server)
    assert approvals.publish() == "1"
    arn, approval_id = approvals.pending()
    assert approvals.decide(approval_id)[0] == 200
    assert approvals.agree(approval_id, arn) == "approved"


def test_functions_use_nothing_but_the_socket(own_server):
    decide_one(own_server)
    path = own_server.data / "functions.sock"
    assert stat.S_ISSOCK(path.stat().st_mode) and stat.S_IMODE(path.stat().st_mode) == 0o600
    functions = own_server.children()
    assert len(functions) >= 2
    for pid, environment in functions.items():
        assert environment["HOLDPOINT_FUNCTIONS_SOCKET"] == str(path)
        assert sockets_of(pid) & listed("unix", 6) and not sockets_of(pid) & listed("tcp", 9)
    own_server.stop()
    assert not path.exists()


def test_a_folder_whose_path_is_too_long_for_a_socket(tmp_path):
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    server = Server(folder).start()
    try:
        decide_one(server)
        functions = server.children()
        assert functions and not [pid for pid, environment in functions.items() if "HOLDPOINT_FUNCTIONS_SOCKET" in environment]
    finally:
        server.stop()
