"""kill -9 of the server under workflows of AWS's own SDKs: all of them end as if nothing had been. (tests/clients)"""
import random
import time

from other_sdks import Workflows, deploy, folder

LANGUAGES = ("javascript", "python")
SERVER_KILLS = 3


def test_the_server_is_killed_again_and_again(own_server):
    deploy(own_server)
    both = [Workflows(own_server, language) for language in LANGUAGES]
    folders = {workflows.language: folder() for workflows in both}
    started = {}
    for workflows in both:
        waiting, callback_id = workflows.asleep("callback")
        started[workflows.language] = {
            "waiting": (waiting, callback_id), "crash": workflows.start("crash", folder=folders[workflows.language]),
            "child_contexts": workflows.start("child_contexts"), "map": workflows.start("map"),
            "invoke": workflows.start("invoke", **workflows.others)}
    for _ in range(SERVER_KILLS):
        time.sleep(random.uniform(0.2, 1.2))
        own_server.restart()
    for workflows in both:
        workflows.reconnect()
        own = started[workflows.language]
        waiting, callback_id = own["waiting"]
        workflows.lambda_.send_durable_execution_callback_success(CallbackId=callback_id, Result="still here")
        assert workflows.result(waiting) == "still here"
        assert workflows.result(own["crash"]) == "survived"
        assert workflows.result(own["child_contexts"])[0] == "charged 7"
        assert workflows.result(own["invoke"])["durable"] == {"echo": [1, "ü"]}
        assert workflows.result(own["map"])["results"] == [1, 4, 16]
        for arn in (one if isinstance(one, str) else one[0] for one in own.values()):
            finished = [event["Id"] for event in workflows.events(arn, "StepSucceeded")]
            assert len(finished) == len(set(finished)), "a step whose result was recorded ran again"
