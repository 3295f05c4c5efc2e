"""Random DynamoDB calls: items of all ten types, every kind of expression, right and slightly wrong ones. A seed makes always the same calls.

Hash keys start with MARK, which a run replaces by a word of its own, so that cases do not see each other's items.
"""
import random

MARK = "§"
TABLE = "differential"
SCHEMA = {
    "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": n, "AttributeType": t} for n, t in (("h", "S"), ("r", "N"), ("g", "S"))],
    "KeySchema": [{"AttributeName": "h", "KeyType": "HASH"}, {"AttributeName": "r", "KeyType": "RANGE"}],
    "GlobalSecondaryIndexes": [{"IndexName": "Global", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "r", "KeyType": "RANGE"}],
                                "Projection": {"ProjectionType": "ALL"}}],
    "LocalSecondaryIndexes": [{"IndexName": "Local", "KeySchema": [{"AttributeName": "h", "KeyType": "HASH"}, {"AttributeName": "g", "KeyType": "RANGE"}],
                               "Projection": {"ProjectionType": "KEYS_ONLY"}}],
}
TEXTS = ["", "a", "ab", "abc", "b", "é", "😀", "Z"]
NUMBERS = ["0", "1", "-1", "2", "10", "1.5", "-0.25", "1e10", "12345678901234567890123456789012345678", "0.1", "100", "1E-10"]
BYTES = [b"", b"a", b"ab", b"\xff", b"\x00"]
NAMES = ["a", "b", "c", "d", "size", "g"]
TYPES = ["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"]
COMPARATORS = ["=", "<>", "<", "<=", ">", ">="]


class Expressions:
    """The expressions of one call, and the names and values that they use."""

    def __init__(self, chance):
        self.chance = chance
        self.names, self.values = {}, {}

    def pick(self, *options):
        return self.chance.choice(options)()

    def name(self, plain):
        if plain != "size" and self.chance.random() < 0.6:
            return plain
        alias = f"#{plain}"
        self.names[alias] = plain
        return alias

    def value(self, value=None):
        alias = f":v{len(self.values)}"
        self.values[alias] = value or any_value(self.chance)
        return alias

    def path(self):
        first = self.chance.choice(NAMES)
        path = self.name(first)
        deeper = 0.02 if first == "g" else 0.2  # no path leads into a key
        while self.chance.random() < deeper:
            path += self.chance.choice(["[0]", "[1]", "[2]", f".{self.name(self.chance.choice(NAMES))}"])
        return path

    def operand(self):
        return self.pick(self.path, self.path, self.value, self.value, lambda: f"size({self.path()})")

    def condition(self, depth=0):
        if depth < 2 and self.chance.random() < 0.35:
            return self.pick(lambda: f"{self.condition(depth + 1)} AND {self.condition(depth + 1)}",
                             lambda: f"({self.condition(depth + 1)} OR {self.condition(depth + 1)})", lambda: f"NOT {self.condition(depth + 1)}")
        return self.pick(lambda: f"{self.operand()} {self.chance.choice(COMPARATORS)} {self.operand()}",
                         self.between,
                         lambda: f"{self.operand()} IN ({', '.join(self.operand() for _ in range(self.chance.randint(1, 3)))})",
                         lambda: f"attribute_exists({self.path()})", lambda: f"attribute_not_exists({self.path()})",
                         lambda: f"attribute_type({self.path()}, {self.value({'S': self.chance.choice(TYPES)})})",
                         lambda: f"begins_with({self.path()}, {self.operand()})", lambda: f"contains({self.path()}, {self.operand()})")

    def value_of(self, types):
        """One of these types; once in a while of any."""
        return self.value(any_value(self.chance, types if self.chance.random() < 0.95 else TYPES))

    def between(self):
        kind = [self.chance.choice("SNB")]
        return f"{self.operand()} BETWEEN {self.value_of(kind)} AND {self.value_of(kind)}"

    def setting(self):
        def term():
            return self.pick(self.path, self.value, self.value, lambda: f"if_not_exists({self.path()}, {self.value()})",
                             lambda: f"list_append({self.path()}, {self.value({'L': [any_value(self.chance)]})})")
        sign = self.chance.choice(["", "", " + ", " - "])
        return f"{self.path()} = {term()}{sign}{term() if sign else ''}"

    def update(self):
        def some(each):
            return ", ".join(each() for _ in range(self.chance.randint(1, 2)))
        clauses = {"SET": lambda: "SET " + some(self.setting), "REMOVE": lambda: "REMOVE " + some(self.path),
                   "ADD": lambda: "ADD " + some(lambda: f"{self.path()} {self.value_of(['N', 'SS', 'NS', 'BS'])}"),
                   "DELETE": lambda: "DELETE " + some(lambda: f"{self.path()} {self.value_of(['SS', 'NS', 'BS'])}")}
        return " ".join(clauses[clause]() for clause in self.chance.sample(list(clauses), self.chance.choice([1, 1, 2, 3])))

    def projection(self):
        return ", ".join(self.path() for _ in range(self.chance.randint(1, 3)))

    def members(self):
        """ExpressionAttributeNames and -Values; once in a while one is missing or one too many."""
        if self.values and self.chance.random() < 0.02:
            self.values[":unused"] = {"S": "x"}
        if self.values and self.chance.random() < 0.02:
            self.values.pop(next(iter(self.values)))
        return {**({"ExpressionAttributeNames": self.names} if self.names else {}), **({"ExpressionAttributeValues": self.values} if self.values else {})}


def any_value(chance, types=TYPES, depth=0):
    kind = chance.choice(types if depth < 2 else types[:5])
    some = lambda source: chance.sample(source, chance.randint(1, 3))  # noqa: E731
    make = {"S": lambda: chance.choice(TEXTS), "N": lambda: chance.choice(NUMBERS), "B": lambda: chance.choice(BYTES), "BOOL": lambda: chance.random() < 0.5,
            "NULL": lambda: True, "L": lambda: [any_value(chance, TYPES, depth + 1) for _ in range(chance.randint(0, 3))],
            "M": lambda: {name: any_value(chance, TYPES, depth + 1) for name in chance.sample(NAMES, chance.randint(0, 3))},
            "SS": lambda: some(TEXTS[1:]), "NS": lambda: some(NUMBERS), "BS": lambda: some(BYTES[1:])}
    return {kind: make[kind]()}


class Case:
    """Some calls that see each other's items."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        makers = [self.put, self.put, self.put, self.update, self.update, self.update, self.update, self.get, self.delete, self.query, self.query, self.scan,
                  self.batch_get, self.batch_write, self.transact_write, self.transact_get]
        self.calls = [self.chance.choice(makers)() for _ in range(self.chance.randint(3, 8))]

    def key(self):
        key = {"h": {"S": MARK + self.chance.choice("xy")}, "r": {"N": self.chance.choice(["1", "2", "3.0"])}}
        if self.chance.random() < 0.01:
            key.pop(self.chance.choice(["h", "r"]))
        return key

    def item(self):
        item = {name: any_value(self.chance) for name in self.chance.sample(NAMES, self.chance.randint(0, 4)) if name != "g"}
        if self.chance.random() < 0.6:
            item["g"] = {"S": MARK + self.chance.choice("pq")} if self.chance.random() < 0.95 else any_value(self.chance)
        return {**item, **self.key()}

    def on_table(self, **members):
        return {"TableName": TABLE, **members}

    def conditional(self, expressions, members):
        if self.chance.random() < 0.4:
            members["ConditionExpression"] = expressions.condition()
            if self.chance.random() < 0.5:
                members["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        return {**members, **expressions.members()}

    def put(self):
        return "PutItem", self.conditional(Expressions(self.chance), self.on_table(Item=self.item(), ReturnValues=self.chance.choice(["NONE", "ALL_OLD"])))

    def delete(self):
        return "DeleteItem", self.conditional(Expressions(self.chance), self.on_table(Key=self.key(), ReturnValues=self.chance.choice(["NONE", "ALL_OLD"])))

    def update(self):
        expressions = Expressions(self.chance)
        wanted = self.chance.choice(["NONE", "ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"])
        return "UpdateItem", self.conditional(expressions, self.on_table(Key=self.key(), UpdateExpression=expressions.update(), ReturnValues=wanted))

    def projected(self, expressions, members):
        if self.chance.random() < 0.4:
            members["ProjectionExpression"] = expressions.projection()
        return {**members, **expressions.members()}

    def get(self):
        return "GetItem", self.projected(Expressions(self.chance), self.on_table(Key=self.key(), ConsistentRead=True))

    def filtered(self, expressions, members):
        if self.chance.random() < 0.5:
            members["FilterExpression"] = expressions.condition()
        return self.projected(expressions, members)

    def query(self):
        expressions = Expressions(self.chance)
        index = self.chance.choice([None, None, "Global", "Local"])
        hash_name, range_name = {None: ("h", "r"), "Global": ("g", "r"), "Local": ("h", "g")}[index]
        hash_value = {"S": MARK + self.chance.choice("xy" if hash_name == "h" else "pq")}
        condition = f"{expressions.name(hash_name)} = {expressions.value(hash_value)}"

        def bound():
            return expressions.value({"N": self.chance.choice(["1", "2", "2.5"])} if range_name == "r" else {"S": MARK + self.chance.choice("pq")})
        if self.chance.random() < 0.6:
            name = expressions.name(range_name)
            condition += " AND " + expressions.pick(lambda: f"{name} {self.chance.choice(COMPARATORS)} {bound()}", lambda: f"{name} BETWEEN {bound()} AND {bound()}",
                                                    lambda: f"begins_with({name}, {bound()})")
        members = self.on_table(KeyConditionExpression=condition, ScanIndexForward=self.chance.random() < 0.5)
        if index:
            members["IndexName"] = index
        elif self.chance.random() < 0.3:
            members["Limit"] = self.chance.randint(1, 3)
        return "Query", self.filtered(expressions, members)

    def scan(self):
        expressions = Expressions(self.chance)
        members = self.on_table(FilterExpression=f"begins_with(h, {expressions.value({'S': MARK})}) AND {expressions.condition()}")
        return "Scan", self.projected(expressions, members)

    def batch_get(self):
        return "BatchGetItem", {"RequestItems": {TABLE: self.projected(Expressions(self.chance), {"Keys": [self.key() for _ in range(self.chance.randint(1, 3))]})}}

    def batch_write(self):
        def request():
            return {"PutRequest": {"Item": self.item()}} if self.chance.random() < 0.6 else {"DeleteRequest": {"Key": self.key()}}
        return "BatchWriteItem", {"RequestItems": {TABLE: [request() for _ in range(self.chance.randint(1, 3))]}}

    def transact_write(self):
        def action():
            kind, (_, members) = self.chance.choice([("Put", self.put()), ("Delete", self.delete()), ("Update", self.update())])
            members.pop("ReturnValues")
            return {kind: members}
        return "TransactWriteItems", {"TransactItems": [action() for _ in range(self.chance.randint(1, 3))]}

    def transact_get(self):
        def action():
            members = self.get()[1]
            members.pop("ConsistentRead")
            return {"Get": members}
        return "TransactGetItems", {"TransactItems": [action() for _ in range(self.chance.randint(1, 3))]}
