#!/usr/bin/env python3
"""`make demo-moderation`: content that is published, removed, and that nobody decides about in time."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from demonstration import Demonstration, say, show  # noqa: E402

MAY, WRITER = "may@example.com", "writer@example.com"
SHORT = 4  # seconds


def main():
    demo = Demonstration("content_moderation", "moderation", Moderators=MAY, UrgentTimeoutSeconds=SHORT)
    print(f"{MAY} is the moderator. Urgent content waits {SHORT} seconds for her here, other content as long as its event says.")

    def content(content_id, title, **more):
        return {"content_id": content_id, "title": title, "author": WRITER, "reason": "A reader has reported it", **more}

    def states():
        items = demo.items("Content", "content_id")
        show(items, "content_id", "state", "urgent", "moderator", "reason", "title")
        return {item["content_id"]: item["state"] for item in items}

    say("Four pieces of content are reported. All are held from now on; nobody sees them.")
    recipe, recipe_run = demo.submit(**content("c-1", "A recipe for soup"))
    spam, spam_run = demo.submit(**content("c-2", "Cheap watches"))
    _, threat_run = demo.submit(**content("c-3", "A threat", urgent=True))
    _, poem_run = demo.submit(**content("c-4", "A long poem", timeout_seconds=SHORT))
    demo.expect("the third is urgent, and all were held", set(states()) >= {"c-1", "c-2", "c-3", "c-4"}, True)

    say("The moderator looks at the first two.")
    demo.may_not_decide(recipe, WRITER, "OWN_REQUEST")
    demo.approve(recipe, MAY, "Harmless")
    demo.reject(spam, MAY, "Advertising")
    demo.expect("the first is published", demo.result(recipe_run)["outcome"], "published")
    demo.expect("the second is removed", demo.result(spam_run)["outcome"], "removed")

    say("Nobody looks at the others. What is urgent is removed when its time is over; the rest stays held.")
    demo.expect("the urgent one is removed", demo.result(threat_run)["outcome"], "removed")
    demo.expect("the other one stays held", demo.result(poem_run)["outcome"], "held")
    demo.expect("the states", states(), {"c-1": "published", "c-2": "removed", "c-3": "removed", "c-4": "held"})

    say("What stayed held is reviewed again, and published.")
    again, again_run = demo.submit(**content("c-4", "A long poem"))
    demo.approve(again, MAY, "I like it")
    demo.expect("it is published", demo.result(again_run)["outcome"], "published")
    demo.expect("the states", states(), {"c-1": "published", "c-2": "removed", "c-3": "removed", "c-4": "published"})
    say("Done: two published, one removed by a moderator, one removed because it was urgent and nobody came.")


main()
