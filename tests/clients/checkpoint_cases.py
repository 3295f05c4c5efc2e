"""Checkpoints that test_local_runners.py makes on both sides: by case, the batches before a pause of more than a second, and those behind it. And answers, each
behind some checkpoints."""
STEP, CONTEXT, WAIT, CALLBACK, INVOKE, EXECUTION = "STEP", "CONTEXT", "WAIT", "CALLBACK", "CHAINED_INVOKE", "EXECUTION"
PAUSE = 1.2
ERROR = {"ErrorMessage": "no", "ErrorType": "E"}
SOON = {"StepOptions": {"NextAttemptDelaySeconds": 1}}
LATE = {"StepOptions": {"NextAttemptDelaySeconds": 60}}
OPTIONS = {WAIT: {"WaitOptions": {"WaitSeconds": 60}}, CALLBACK: {"CallbackOptions": {"TimeoutSeconds": 60}},
           INVOKE: {"ChainedInvokeOptions": {"FunctionName": "nowhere:1"}}}


def update(kind, action, id="a", **more):
    return {"Id": id, "Type": kind, "Action": action, **more}


def start(kind, id="a", **more):
    return update(kind, "START", id, **OPTIONS.get(kind, {}), **more)


def invoke(function, **options):
    return update(INVOKE, "START", ChainedInvokeOptions={"FunctionName": function, **options})


def transitions(cases):
    """Every action from every state, with what it may and may not carry."""
    carried = {"": {}, " with a payload": {"Payload": "1"}, " with an error": {"Error": ERROR}, " with both": {"Payload": "1", "Error": ERROR}}
    for kind in (STEP, CONTEXT, WAIT, CALLBACK, INVOKE):
        for action in ("START", "SUCCEED", "FAIL", "RETRY", "CANCEL"):
            options = OPTIONS.get(kind, {}) if action == "START" else SOON if (kind, action) == (STEP, "RETRY") else {}
            for what, more in carried.items():
                if action == "START" and more:
                    continue
                probe = update(kind, action, **options, **more)
                cases[f"{kind} {action}{what}, new"] = [[probe]], []
                cases[f"{kind} {action}{what}, started"] = [[start(kind)], [probe]], []
                cases[f"{kind} {action}{what}, started in the same batch"] = [[start(kind), probe]], []
            bare = update(kind, action, **options)
            if kind in (STEP, CONTEXT):
                cases[f"{kind} {action}, succeeded"] = [[start(kind), update(kind, "SUCCEED", Payload="1")], [bare]], []
                cases[f"{kind} {action}, failed"] = [[start(kind), update(kind, "FAIL", Error=ERROR)], [bare]], []
            if kind == STEP:
                cases[f"{kind} {action}, pending"] = [[update(STEP, "RETRY", Error=ERROR, **LATE)], [bare]], []
                cases[f"{kind} {action}, ready"] = [[update(STEP, "RETRY", Error=ERROR, **SOON)]], [[bare]]
                cases[f"{kind} {action}, ready and started"] = [[update(STEP, "RETRY", Error=ERROR, **SOON)]], [[start(STEP), bare]]


def identities(cases):
    """An operation stays what it began as, and what it is in."""
    known = {"Name": "n", "SubType": "Step", "ParentId": "p"}
    parents = [start(CONTEXT, "p"), start(CONTEXT, "q")]
    for member, other in {"Name": "m", "SubType": "Other", "ParentId": "q"}.items():
        rest = {name: value for name, value in known.items() if name != member}
        cases[f"another {member}"] = [parents, [start(STEP, **known)], [update(STEP, "SUCCEED", **rest, **{member: other})]], []
        cases[f"a {member} only later"] = [parents, [start(STEP)], [update(STEP, "SUCCEED", **{member: known[member]})]], []
        cases[f"no {member} later"] = [parents, [start(STEP, **known)], [update(STEP, "SUCCEED", **rest)]], []
    for kind in (STEP, WAIT, CALLBACK, INVOKE):
        cases[f"a CONTEXT that becomes a {kind}"] = [[start(CONTEXT)], [update(kind, "SUCCEED")]], []
        cases[f"in a {kind}"] = [[start(kind, "p")], [start(STEP, ParentId="p")]], []
    end = update(CONTEXT, "SUCCEED", "p")
    cases["in nothing"] = [[start(STEP, ParentId="p")]], []
    cases["in itself"] = [[start(CONTEXT, ParentId="a")]], []
    cases["in what comes later"] = [[start(STEP, ParentId="p"), start(CONTEXT, "p")]], []
    cases["in what comes before"] = [[start(CONTEXT, "p"), start(STEP, ParentId="p")]], []
    cases["in what has ended"] = [[start(CONTEXT, "p"), end], [start(STEP, ParentId="p")]], []
    cases["in what has ended in the same batch"] = [[start(CONTEXT, "p"), end, start(STEP, ParentId="p")]], []


def batches(cases):
    succeed = update(STEP, "SUCCEED")
    cases["two starts"] = [[start(STEP), start(STEP)]], []
    cases["two ends"] = [[succeed, succeed]], []
    cases["a start and two ends"] = [[start(STEP), succeed, update(STEP, "FAIL")]], []
    cases["an end and a start"] = [[update(STEP, "RETRY", Error=ERROR, **SOON), start(STEP)]], []
    cases["one bad of two"] = [[start(STEP, "b"), update(WAIT, "SUCCEED")], [start(STEP, "b")]], []
    cases["nothing"] = [[], []], []
    close = update(EXECUTION, "SUCCEED", "x")
    cases["two ends of the execution"] = [[close, {**close, "Id": "y"}]], []
    cases["the end of the execution first"] = [[close, start(STEP)]], []
    cases["the execution succeeds with an error"] = [[{**close, "Error": ERROR}]], []
    cases["the execution fails with a payload"] = [[update(EXECUTION, "FAIL", "x", Payload="1")]], []
    for action in ("START", "RETRY", "CANCEL"):
        cases[f"EXECUTION {action}"] = [[update(EXECUTION, action, "x")]], []


def options(cases):
    for kind in (CALLBACK, INVOKE):
        cases[f"a {kind} without options"] = [[update(kind, "START")]], []
    cases["children to replay"] = [[start(CONTEXT)], [update(CONTEXT, "SUCCEED", Payload="", ContextOptions={"ReplayChildren": True})]], []
    cases["a wait that ends"] = [[update(WAIT, "START", WaitOptions={"WaitSeconds": 1})]], [[update(WAIT, "CANCEL")]]
    cases["a wait that is cancelled"] = [[start(WAIT)], [update(WAIT, "CANCEL")], [update(WAIT, "CANCEL")]], []
    cases["a callback that times out"] = [[update(CALLBACK, "START", CallbackOptions={"TimeoutSeconds": 1})]], []
    cases["a callback without a heartbeat"] = [[update(CALLBACK, "START", CallbackOptions={"HeartbeatTimeoutSeconds": 1})]], []
    for target in ("arn:aws:lambda:us-east-1:999999999999:function:f:1", "arn:aws:lambda:eu-west-1:{account}:function:f:1", "999999999999:function:f"):
        cases[f"an invoke of {target}"] = [[invoke(target)]], []
    for target in ("nope!", "a:b:c:d", "orders.v2:1", "f:$LATEST.PUBLISHED", "f" * 100):
        cases[f"an invoke of {target}"] = [[invoke(target)]], []
    for tenant in ("x" * 256, "a!b"):
        cases[f"an invoke of tenant {tenant[:3]}"] = [[invoke("nowhere:1", TenantId=tenant)]], []
    for action in ("START", "SUCCEED", "FAIL"):
        cases[f"{action} with a delay"] = [[update(STEP, action, **SOON)]], []


def answers():
    """By name: the checkpoints of an invocation, and its answer."""
    close = [[update(EXECUTION, "SUCCEED", "x", Payload='"large"')]]
    cases = {f"a Status {status!r}": ([], {"Status": status}) for status in ("SUCCEEDED", "FAILED", "NOPE", "RUNNING", "succeeded", 1, None)}
    cases |= {f"a Result {result!r}": ([], {"Status": "SUCCEEDED", "Result": result}) for result in ("", '"text"', None)}
    cases |= {f"PENDING with a {kind} that has begun": ([[start(kind)]], {"Status": "PENDING"}) for kind in (STEP, CONTEXT)}
    cases |= {f"success with a {kind} that is open": ([[start(kind)]], {"Status": "SUCCEEDED", "Result": "1"}) for kind in (STEP, WAIT, CALLBACK)}
    return cases | {
        "PENDING with nothing": ([], {"Status": "PENDING"}),
        "PENDING with what is over": ([[start(STEP), update(STEP, "SUCCEED")]], {"Status": "PENDING"}),
        "a failure": ([], {"Status": "FAILED", "Error": {**ERROR, "ErrorData": "d"}}),
        "a failure with a result": ([], {"Status": "FAILED", "Result": "1"}),
        "a failure with both": ([], {"Status": "FAILED", "Result": "1", "Error": ERROR}),
        "a failure with an empty error": ([], {"Status": "FAILED", "Error": {}}),
        "a success with an error": ([], {"Status": "SUCCEEDED", "Error": ERROR}),
        "an unknown member": ([], {"Status": "SUCCEEDED", "Result": "1", "More": 1}),
        "no Status": ([], {"Result": "1"}), "an empty object": ([], {}), "null": ([], None), "a text": ([], "text"), "a list": ([], [1]),
        "an error that is a text": ([], {"Status": "FAILED", "Error": "text"}),
        "success, closed": (close, {"Status": "SUCCEEDED", "Result": ""}),
        "another result, closed": (close, {"Status": "SUCCEEDED", "Result": '"other"'}),
        "a failure, closed": (close, {"Status": "FAILED", "Error": ERROR}),
        "PENDING, closed": (close, {"Status": "PENDING"}),
        "success, closed as a failure": ([[update(EXECUTION, "FAIL", "x", Error=ERROR)]], {"Status": "SUCCEEDED"}),
    }


def all_cases():
    cases = {}
    for some in (transitions, identities, batches, options):
        some(cases)
    return cases


def on_their_own(batch, number):
    """The batch on operations that no other case has."""
    return [{**one, **{member: f"{number}-{one[member]}" for member in ("Id", "ParentId") if member in one}} for one in batch]


def script(cases):
    """What the function is to do: everything before the pause, case by case, the pause, a look at what came, and the rest."""
    before = [on_their_own(batch, number) for number, (first, _) in enumerate(cases.values()) for batch in first]
    behind = [on_their_own(batch, number) for number, (_, rest) in enumerate(cases.values()) for batch in rest]
    return [*before, PAUSE, [], *behind]


def by_case(cases, answers):
    """Every case's own answers, and in between what time did to its operations, with whichever answer that was told."""
    owners = [number for number, (first, _) in enumerate(cases.values()) for _ in first]
    owners += [None] + [number for number, (_, rest) in enumerate(cases.values()) for _ in rest]
    told = [[] for _ in cases]
    for owner, answer in zip(owners, answers):
        if isinstance(answer, str):
            told[owner].append(answer)
            continue
        parts = {} if owner is None else {owner: []}
        for operation in answer:
            parts.setdefault(int(operation["Id"].split("-")[0]), []).append(operation)
        for number, operations in parts.items():
            told[number].append(operations)
    return dict(zip(cases, told))
