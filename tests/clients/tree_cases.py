"""Random trees of operations, which trees.py runs."""

LEAVES = ("step", "step", "wait", "condition", "callback", "asked", "plain")
BRANCHES = ("child", "child", "parallel", "map", "invoke")
DEPTH = 3


def batch(random):
    """All at once where every part counts, and one by one where the first ones decide."""
    early = random.choice([{}, {"min_successful": 1}, {"tolerated_failure_count": 1}, {"tolerated_failure_percentage": 50}])
    return random.choice([{"completion": early, "concurrency": 1}, {"completion": {"tolerated_failure_percentage": 100}, "concurrency": None}])


def details(random, kind, depth):
    fails = random.random() < 0.25
    if kind == "step":
        return {"failures": random.choice([0, 0, 1, 2]), "attempts": random.choice([1, 2, 3]), "once": random.random() < 0.3}
    if kind == "wait":
        return {"seconds": random.choice([1, 2])}
    if kind == "condition":
        return {"polls": random.choice([1, 2, 3]), "fails": fails}
    if kind == "child":
        return {"nodes": tree(random, depth + 1), "fails": fails, "bytes": random.choice([0, 0, 0, 300_000])}
    if kind == "parallel":
        return {"branches": [tree(random, depth + 1) for _ in range(random.randint(1, 3))], **batch(random)}
    if kind == "map":
        items = random.randint(0, 3)
        return {"items": items, "failing": [number for number in range(items) if random.random() < 0.3], "nodes": tree(random, depth + 1), **batch(random)}
    if kind == "invoke":
        return {"nodes": tree(random, DEPTH)}
    return {"fails": fails} if kind == "plain" else {}


def tree(random, depth=0):
    kinds = [random.choice(LEAVES + (BRANCHES if depth < DEPTH else ())) for _ in range(random.randint(1, 3))]
    return [{"kind": kind, "name": random.choice([None, "a", "b c"]), "caught": random.random() < 0.85, **details(random, kind, depth)} for kind in kinds]
