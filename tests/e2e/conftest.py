"""Fixtures: one server for the tests of a file, with the approvals stack deployed in both wait modes."""
import pytest

from holdpoint import Server, deployed


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    one = Server(tmp_path_factory.mktemp("holdpoint")).start()
    yield one
    one.stop()


@pytest.fixture
def own_server(tmp_path):
    """For tests that kill it."""
    one = Server(tmp_path).start()
    yield one
    if one.process.poll() is None:
        one.stop()


@pytest.fixture(scope="module")
def polling(server):
    return deployed(server, "polling")


@pytest.fixture(scope="module")
def callback(server):
    return deployed(server, "callback")


@pytest.fixture(params=["polling", "callback"])
def approvals(request):
    """Each test that takes it runs in both modes."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["polling", "callback"])
def mode(request):
    return request.param
