"""Random DynamoDB calls: items of all ten types, every kind of expression, most of them right, some with one thing wrong. A seed makes always the same calls.

Hash keys start with MARK, which a run replaces by a word of its own, so that cases do not see each other's items.
"""
import random

MARK = "§"
TABLE = "differential"


def key_schema(partition, sort=None):
    return [{"AttributeName": partition, "KeyType": "HASH"}, *([{"AttributeName": sort, "KeyType": "RANGE"}] if sort else [])]


def index(name, schema, projection, **more):
    return {"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": projection, **more}}


KEYS = {None: ("h", "r"), "Global": ("g", "r"), "Few": ("g", "h"), "Some": ("k", None), "Local": ("h", "l")}  # of the table, of its indexes
SCHEMA = {
    "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": n, "AttributeType": t} for n, t in (("h", "S"), ("r", "N"), ("g", "S"), ("k", "B"), ("l", "S"))],
    "KeySchema": key_schema("h", "r"),
    "GlobalSecondaryIndexes": [index("Global", key_schema(*KEYS["Global"]), "ALL"), index("Few", key_schema(*KEYS["Few"]), "KEYS_ONLY"),
                               index("Some", key_schema(*KEYS["Some"]), "INCLUDE", NonKeyAttributes=["a", "b"])],
    "LocalSecondaryIndexes": [index("Local", key_schema(*KEYS["Local"]), "KEYS_ONLY")],
}
TEXTS = ["", "a", "ab", "abc", "b", "é", "😀", "Z"]
NUMBERS = ["0", "1", "-1", "2", "10", "1.5", "-0.25", "1e10", "12345678901234567890123456789012345678", "0.1", "100", "1E-10", "-0", "0.0", "1e125", "-1e125",
           "9.9999999999999999999999999999999999999E+125", "1E-130", "-1e-130", "00012.500", "-12e2", "1.0000000000000000000000000000000000001"]
DISTINCT_NUMBERS = ["0", "1", "-1", "2", "10", "1.5", "-0.25", "1e10", "12345678901234567890123456789012345678", "0.1"]
BAD_NUMBERS = ["abc", "", "1e126", "-1e126", "1e-131", "123456789012345678901234567890123456789", "1e", "--1", "1 ", "0x1", "Infinity", "NaN", "1_0"]
BYTES = [b"", b"a", b"ab", b"\xff", b"\x00"]
NAMES = ["a", "b", "c", "d", "e", "size"]
KEY_NAMES = ["g", "k", "l"]
RESERVED = ["status", "name", "SIZE", "Values", "order"]
TYPES = ["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"]
SETS = ["SS", "NS", "BS"]
COMPARATORS = ["=", "<>", "<", "<=", ">", ">="]
ORDERED = ["S", "N", "B"]


class Expressions:
    """The expressions of one call, and the names and values that they use. At most one thing in them is wrong."""

    def __init__(self, chance, may_be_wrong):
        self.chance = chance
        self.names, self.values, self.count = {}, {}, 0
        self.key_names = KEY_NAMES  # which conditions may name
        self.may_be_wrong = may_be_wrong and chance.random() < 0.25

    def wrong(self, often=0.1):
        """Whether here is the one thing that is wrong."""
        now = self.may_be_wrong and self.chance.random() < often
        self.may_be_wrong = self.may_be_wrong and not now
        return now

    def rarely(self, often):
        return self.chance.random() < often

    def pick(self, *options):
        return self.chance.choice(options)()

    def name(self, plain):
        if plain != "size" and self.chance.random() < 0.6:
            return plain
        alias = f"#{plain}"
        if not self.wrong(0.02):
            self.names[alias] = plain
        return alias

    def value(self, value):
        alias = f":v{self.count}"
        self.count += 1
        if not self.wrong(0.02):
            self.values[alias] = value
        return alias

    def any_value(self, types=TYPES):
        return self.value(wrong_value(self.chance) if self.wrong(0.03) else any_value(self.chance, types))

    def path(self, first=None, deep=0.25):
        if self.wrong(0.02):
            return self.chance.choice(RESERVED)
        path = self.name(first or self.chance.choice(NAMES))
        while self.chance.random() < deep:
            path += self.pick(lambda: f"[{self.chance.randrange(3)}]", lambda: f".{self.name(self.chance.choice(NAMES))}")
        return path

    def operand(self, types=TYPES):
        if self.wrong(0.03):
            return self.chance.choice(["a + b", "contains(a, b)", "if_not_exists(a, b)", "size(a, b)", "size()", "nothing(a)", "", "(a)", "5", "'a'"])
        return self.pick(self.path, self.path, lambda: self.path(self.chance.choice(self.key_names), 0), lambda: self.any_value(types), lambda: self.any_value(types),
                         lambda: f"size({self.path()})")

    def other(self, first, types=TYPES):
        """An operand that is not the first one again."""
        if self.wrong(0.05):
            return first
        names, values = dict(self.names), dict(self.values)
        while (operand := self.operand(types)).replace("#", "") == first.replace("#", ""):
            self.names, self.values = dict(names), dict(values)
        return operand

    def condition(self, depth=0):
        if depth < 3 and self.chance.random() < 0.3:
            return self.pick(lambda: f"{self.condition(depth + 1)} AND {self.condition(depth + 1)}",
                             lambda: f"({self.condition(depth + 1)} OR {self.condition(depth + 1)})", lambda: f"NOT ({self.condition(depth + 1)} AND {self.simple()})",
                             lambda: f"NOT {self.simple()}")
        return self.broken(self.simple())

    def simple(self):
        return self.pick(self.comparison, self.comparison, self.between, self.membership, lambda: f"attribute_exists({self.path()})",
                         lambda: f"attribute_not_exists({self.path()})", self.attribute_type, self.begins_with, self.contains)

    def broken(self, text):
        """Once in a while, a syntax error."""
        if not self.wrong(0.04):
            return text
        at = self.chance.randrange(len(text) + 1)
        return self.chance.choice([text[:at] + self.chance.choice("()[],.=<>+-&!?") + text[at:], text[:at].rstrip("#:"), f"({text}", f"{text})", f"(({text}))", "", f"{text} AND"])

    def comparison(self):
        comparator = self.chance.choice(COMPARATORS)
        types = TYPES if comparator in ("=", "<>") or self.wrong() else ORDERED
        left = self.operand(types)
        right = self.any_value(types) if left.startswith("size(") else self.other(left, types)
        return self.with_left(left, f"{left} {comparator} {right}", right)

    def with_left(self, left, text, *others):
        """Where two sides come from the item, one is there: of two missing ones, DynamoDB's documentation says nothing."""
        guard = left.removeprefix("size(").removesuffix(")")
        return text if left.startswith(":") or all(side.startswith(":") for side in others) else f"(attribute_exists({guard}) AND {text})"

    def between(self):
        kind = self.chance.choice("SNB")
        low, high = any_value(self.chance, [kind]), any_value(self.chance, [kind])
        while any(value in ("", b"") for value in (*low.values(), *high.values())):  # which dynalite takes for missing
            low, high = any_value(self.chance, [kind]), any_value(self.chance, [kind])
        if ordering(low) > ordering(high) and not self.wrong(0.3):
            low, high = high, low
        if self.wrong():
            low = any_value(self.chance)
        first = self.operand([kind])
        low = self.value(low)
        high = self.value(high) if first.replace("#", "").startswith(("a", "b", "c")) or self.rarely(0.5) else self.path(self.chance.choice("abc"))
        return self.with_left(first, f"{first} BETWEEN {low} AND {high}", high)

    def membership(self):
        first = self.pick(self.path, self.path, lambda: f"size({self.path()})", lambda: self.any_value(["N"]))  # dynalite takes "" for missing
        others = [self.any_value() if first.startswith("size(") or self.rarely(0.7) else self.other(first) for _ in range(self.chance.randint(1, 3))]
        return self.with_left(first, f"{first} IN ({', '.join(others)})", *others)

    def attribute_type(self):
        kind = {"S": self.chance.choice(["X", "s", "STRING"])} if self.wrong() else {"S": self.chance.choice(TYPES)}
        return f"attribute_type({self.path()}, {self.value(any_value(self.chance, ['N', 'L']) if self.wrong() else kind)})"

    def begins_with(self):
        return f"begins_with({self.path()}, {self.any_value(TYPES if self.wrong() else ['S', 'B'])})"

    def contains(self):
        first = self.path()
        other = self.other(first)
        return self.with_left(first if other.startswith("size(") else other, f"contains({first}, {other})", first)

    def number(self):
        """An operand of a sum."""
        return self.pick(self.path, lambda: self.any_value(TYPES if self.wrong() else ["N"]), lambda: f"if_not_exists({self.path()}, {self.any_value(['N'])})")

    def list(self):
        return self.pick(self.path, lambda: self.any_value(TYPES if self.wrong() else ["L"]), lambda: f"if_not_exists({self.path()}, {self.any_value(['L'])})")

    def set_value(self):
        if self.wrong():
            return self.chance.choice(["size(a)", "contains(a, b)", "if_not_exists(a)", "if_not_exists(a, b, c)", "list_append(a)", "nothing(a)", "a + b + c", "a * b", "",
                                       "(a", "attribute_exists(a)", "list_append(list_append(a, b), c)"])
        return self.pick(self.path, self.any_value, self.any_value, lambda: f"if_not_exists({self.path()}, {self.any_value()})",
                         lambda: f"{self.number()} {self.chance.choice('+-')} {self.number()}", lambda: f"list_append({self.list()}, {self.list()})")

    def targets(self):
        """Paths to write, apart from each other; once in a while not, or a key."""
        beginnings = self.chance.sample(NAMES, len(NAMES)) + ([self.chance.choice(KEY_NAMES)] if self.chance.random() < 0.3 else [])
        used = ["h", "r", "g.a", "l[0]"]
        while True:
            first = beginnings.pop()
            path = self.path(first, 0 if first in KEY_NAMES else 0.25)
            if self.wrong(0.05):
                path = self.chance.choice([*used, f"{used[-1]}.a", f"{used[-1]}[1]"])
            used.append(path)
            yield path, first

    def update(self):
        targets = self.targets()

        def some(clause):
            chosen = []
            while len(chosen) < 1 or self.chance.random() < 0.4 and len(chosen) < 2:
                names = dict(self.names)
                path, first = next(targets)
                if clause in ("SET", "REMOVE") or first not in KEY_NAMES:
                    chosen.append(clauses[clause](path, first))
                else:
                    self.names = names
            return ", ".join(chosen)
        addable = lambda: TYPES if self.wrong() else ["N", *SETS]  # noqa: E731
        clauses = {"SET": lambda path, first: f"{path} = {self.key_value(first) or self.set_value()}", "REMOVE": lambda path, _: path,
                   "ADD": lambda path, _: f"{path} {self.any_value(addable())}", "DELETE": lambda path, _: f"{path} {self.any_value(TYPES if self.wrong() else SETS)}"}
        chosen = self.chance.sample(list(clauses), self.chance.choice([1, 1, 2]))
        if self.wrong(0.03):
            chosen.append(chosen[0])
        return self.broken(" ".join(f"{clause} {some(clause)}" for clause in chosen))

    def key_value(self, name):
        return self.value(index_key(self.chance, name)) if name in KEY_NAMES and not self.wrong() else None

    def projection(self):
        firsts = self.chance.sample([*NAMES, *KEY_NAMES, "h", "r"], self.chance.randint(1, 3))
        paths = [self.path(first, 0 if first in (*KEY_NAMES, "h", "r") and not self.wrong() else 0.25) for first in firsts]
        if self.wrong():
            paths += self.chance.choice([[paths[0]], [f"{paths[0]}.a"], ["a[0]", "a.b"], [""], ["a b"]])
        elif self.chance.random() < 0.2 and "a" not in firsts:
            paths += ["a[0]", "a[2]"]
        return ", ".join(paths)

    def members(self):
        """ExpressionAttributeNames and -Values; once in a while one too many, or wrongly spelled."""
        if self.values and self.wrong():
            self.values[self.chance.choice([":unused", "unused", ":", ":a b"])] = {"S": "x"}
        if self.wrong():
            self.names[self.chance.choice(["#unused", "unused", "#"])] = "a"
        return {**({"ExpressionAttributeNames": self.names} if self.names else {}), **({"ExpressionAttributeValues": self.values} if self.values else {})}


def any_value(chance, types=TYPES, depth=0):
    kind = chance.choice(types if depth < 2 else types[:5])
    some = lambda source: chance.sample(source, chance.randint(1, 3))  # noqa: E731
    make = {"S": lambda: chance.choice(TEXTS), "N": lambda: chance.choice(NUMBERS), "B": lambda: chance.choice(BYTES), "BOOL": lambda: chance.random() < 0.5,
            "NULL": lambda: True, "L": lambda: [any_value(chance, TYPES, depth + 1) for _ in range(chance.randint(0, 3))],
            "M": lambda: {name: any_value(chance, TYPES, depth + 1) for name in chance.sample(NAMES, chance.randint(0, 3))},
            "SS": lambda: some(TEXTS), "NS": lambda: some(DISTINCT_NUMBERS), "BS": lambda: some(BYTES)}
    return {kind: make[kind]()}


def wrong_value(chance):
    return chance.choice([{"N": chance.choice(BAD_NUMBERS)}, {"N": chance.choice(BAD_NUMBERS)}, {"SS": []}, {"NS": []}, {"BS": []}, {"SS": ["a", "b", "a"]}, {"NS": ["1", "1.0"]},
                          {"NS": ["1", chance.choice(BAD_NUMBERS)]}, {"BS": [b"a", b"a"]}, {"NULL": False}, {}, {"S": "a", "N": "1"}, {"L": [{}]}, {"M": {"a": {"N": "x"}}}])


def ordering(value):
    (kind, plain), = value.items()
    return float(plain) if kind == "N" else plain.encode() if kind == "S" else plain


def index_key(chance, name):
    return {"g": lambda: {"S": MARK + chance.choice("pq")}, "k": lambda: {"B": MARK.encode() + chance.choice([b"\x00", b"\xff"])}, "l": lambda: {"S": chance.choice("uvw")}}[name]()


class Case:
    """Some calls that see each other's items. In each call one thing is wrong at most."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        makers = [self.put, self.put, self.put, self.update, self.update, self.update, self.update, self.update, self.get, self.delete, self.query, self.query, self.query,
                  self.scan, self.batch_get, self.batch_write, self.transact_write, self.transact_write, self.transact_get]
        self.calls = [self.call(self.chance.choice(makers)) for _ in range(self.chance.randint(3, 8))]

    def call(self, maker):
        self.wrong = False
        return maker()

    def rarely(self, chance):
        return self.chance.random() < chance

    def goes_wrong(self, often):
        """Whether here is the one thing that is wrong."""
        now = not self.wrong and self.rarely(often)
        self.wrong = self.wrong or now
        return now

    def expressions(self):
        made = Expressions(self.chance, not self.wrong)
        self.wrong = self.wrong or made.may_be_wrong
        return made

    def key(self, numbered=None):
        """No two partitions have the same sort keys, so that nothing ties in an index."""
        at = self.chance.randrange(6) if numbered is None else numbered
        key = {"h": {"S": MARK + "xy"[at // 3]}, "r": {"N": ["1", "2", "3.0", "-4", "5e0", "6.5"][at]}}
        if self.goes_wrong(0.02):
            self.spoil(key)
        return key

    def spoil(self, key):
        name = self.chance.choice(["h", "r"])
        self.chance.choice([lambda: key.pop(name), lambda: key.update(z={"S": "x"}), lambda: key.update({name: any_value(self.chance)}), lambda: key.update(h={"S": ""}),
                            lambda: key.update(h={"S": MARK + "x" * 2048}), lambda: key.update(r={"N": self.chance.choice(BAD_NUMBERS)})])()

    def distinct_keys(self):
        return [self.key(at) for at in self.chance.sample(range(6), self.chance.randint(1, 3))]

    def item(self, key=None):
        item = {name: any_value(self.chance) for name in self.chance.sample(NAMES, self.chance.randint(0, 4))}
        for name in KEY_NAMES:
            if self.chance.random() < 0.6:
                item[name] = index_key(self.chance, name)
        if self.goes_wrong(0.03):
            item[self.chance.choice([*NAMES, *KEY_NAMES])] = self.chance.choice([wrong_value, any_value])(self.chance)
        if self.goes_wrong(0.005):
            item["a"] = {"S": "x" * (400 * 1024 - self.chance.choice([0, 60, 1000]))}
        return {**item, **(key or self.key())}

    def on_table(self, **members):
        return {"TableName": "missing" if self.goes_wrong(0.003) else TABLE, **members}

    def conditional(self, expressions, members):
        if self.chance.random() < 0.4:
            members["ConditionExpression"] = expressions.condition()
            if self.chance.random() < 0.5:
                members["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        return {**members, **expressions.members()}

    def returned(self, *wanted):
        return self.chance.choice(["ALL", "UPDATED_NEW"]) if self.goes_wrong(0.01) else self.chance.choice(wanted)

    def put(self, key=None):
        members = self.on_table(Item=self.item(key), ReturnValues=self.returned("NONE", "ALL_OLD"))
        return "PutItem", self.conditional(self.expressions(), members)

    def delete(self, key=None):
        members = self.on_table(Key=key or self.key(), ReturnValues=self.returned("NONE", "ALL_OLD"))
        return "DeleteItem", self.conditional(self.expressions(), members)

    def update(self, key=None):
        members = self.on_table(Key=key or self.key(), ReturnValues=self.returned("NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"))
        expressions = self.expressions()
        return "UpdateItem", self.conditional(expressions, {**members, "UpdateExpression": expressions.update()})

    def check(self, key):
        members, expressions = self.on_table(Key=key), self.expressions()
        members["ConditionExpression"] = expressions.condition()
        return "ConditionCheck", {**members, **expressions.members()}

    def projected(self, expressions, members):
        if self.chance.random() < 0.4 and members.get("IndexName") != "Local":  # for which dynalite fetches nothing from the table
            members["ProjectionExpression"] = expressions.projection()
        return {**members, **expressions.members()}

    def get(self, key=None):
        members = self.on_table(Key=key or self.key(), ConsistentRead=True)
        return "GetItem", self.projected(self.expressions(), members)

    def filtered(self, expressions, members):
        if self.chance.random() < 0.5:
            members["FilterExpression"] = expressions.condition()
        if self.goes_wrong(0.1):
            members["Select"] = self.chance.choice(["COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES", "SPECIFIC_ATTRIBUTES"])
        return self.projected(expressions, members)

    def key_value(self, name):
        return {"h": lambda: {"S": MARK + self.chance.choice("xy")}, "r": lambda: {"N": self.chance.choice(["1", "2", "2.5", "5", "-4"])}}.get(
            name, lambda: index_key(self.chance, name))()

    def key_condition(self, expressions, partition, sort):
        equal = f"{expressions.name(partition)} = {expressions.value(self.key_value(partition))}"
        if sort is None or self.chance.random() < 0.4:
            return equal if not expressions.wrong() else f"{equal} {self.chance.choice(['AND a = h', 'OR h = h', f'AND {equal}', 'AND size(a) = r', 'AND l.a = g'])}"

        def bound():
            value = self.key_value(sort)
            return expressions.value(self.chance.choice([any_value(self.chance), {"S": ""}]) if expressions.wrong() else value)
        name, comparator = expressions.name(sort), self.chance.choice(["=", "<", "<=", ">", ">="])
        low, high = sorted((self.key_value(sort) for _ in range(2)), key=ordering, reverse=expressions.wrong())
        tests = [lambda: f"{name} {comparator} {bound()}", lambda: f"{bound()} {comparator} {name}", lambda: f"{name} BETWEEN {expressions.value(low)} AND {expressions.value(high)}"]
        if sort != "r":
            tests.append(lambda: f"begins_with({name}, {bound()})")
        if expressions.wrong():
            tests = [lambda: f"{name} <> {bound()}", lambda: f"NOT {name} = {bound()}", lambda: f"{name} IN ({bound()})", lambda: f"attribute_exists({name})",
                     lambda: f"contains({name}, {bound()})", lambda: f"begins_with({name}, {bound()})", lambda: f"size({name}) = {bound()}"]
        both = [equal, expressions.pick(*tests)]
        return " AND ".join(both if self.chance.random() < 0.8 else both[::-1])

    def query(self):
        expressions = self.expressions()
        index = self.chance.choice([None, None, *KEYS])
        expressions.key_names = [name for name in KEY_NAMES if name not in KEYS[index] or expressions.wrong(0.05)]
        members = self.on_table(KeyConditionExpression=self.key_condition(expressions, *KEYS[index]), ScanIndexForward=self.chance.random() < 0.5)
        if index:
            members["IndexName"] = "Missing" if expressions.wrong(0.05) else index
        if self.chance.random() < 0.3 and index in (None, "Global", "Local"):
            members.update(Limit=self.chance.randint(1, 3), Paged=True)
        if self.goes_wrong(0.02):
            members["ConsistentRead"] = True
        if index in (None, "Global", "Local") and self.goes_wrong(0.03):
            members["ExclusiveStartKey"] = {**self.key(), **({name: index_key(self.chance, name) for name in KEYS[index] if name in KEY_NAMES})}
        return "Query", self.filtered(expressions, members)

    def scan(self):
        expressions = self.expressions()
        members = self.on_table(FilterExpression=f"begins_with(h, {expressions.value({'S': MARK})}) AND {expressions.condition()}", Paged=True)
        if self.chance.random() < 0.3:
            members["Limit"] = self.chance.randint(30, 90)
        if self.chance.random() < 0.3:
            members["TotalSegments"] = self.chance.randint(1, 4)
        elif self.chance.random() < 0.3:
            members["IndexName"] = self.chance.choice(["Global", "Few", "Some", "Local"])
        return "Scan", self.projected(expressions, members)

    def batch_get(self):
        keys = self.distinct_keys()
        if self.goes_wrong(0.03):
            keys.append(self.chance.choice(keys))
        return "BatchGetItem", {"RequestItems": {TABLE: self.projected(self.expressions(), {"Keys": keys})}}

    def batch_write(self):
        keys = self.distinct_keys()
        if self.goes_wrong(0.03):
            keys.append(self.chance.choice(keys))
        return "BatchWriteItem", {"RequestItems": {TABLE: [self.chance.choice([{"PutRequest": {"Item": self.item(key)}}, {"DeleteRequest": {"Key": key}}]) for key in keys]}}

    def transact_write(self):
        def action(key):
            kind, members = self.chance.choice([self.put, self.delete, self.update, self.update, self.check])(key)
            members.pop("ReturnValues", None)
            return {kind.removesuffix("Item"): members}
        keys = self.distinct_keys()
        if self.goes_wrong(0.03):
            return "TransactWriteItems", {"TransactItems": [{"Delete": self.on_table(Key=keys[0])}, {"Put": self.on_table(Item=self.item(keys[0]))}]}
        return "TransactWriteItems", {"TransactItems": [action(key) for key in keys]}

    def transact_get(self):
        def action(key):
            members = self.get(key)[1]
            members.pop("ConsistentRead")
            return {"Get": members}
        return "TransactGetItems", {"TransactItems": [action(key) for key in self.distinct_keys()]}
