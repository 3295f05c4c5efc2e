"""Rows of approvals that wait, made without the server: copies of one that the API made, with ids, times and digests of
their own. `check` holds copies against further approvals that the API made: row by row the same, but for those.
"""
import hashlib
import json
import re
import secrets
import sys
import uuid
from base64 import b64decode, b64encode
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from pathlib import Path

from zstandard import DICT_TYPE_FULLDICT, ZstdCompressionDict, ZstdCompressor, ZstdDecompressor

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from holdpoint import flat, hash_of  # noqa: E402

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
EPOCH_MS = re.compile(r"(?<=:)1\d{12}\b")
# What differs between two approvals of the same request, in keys and values.
DIFFERS = [(ISO, "<time>"), (EPOCH_MS, "<ms>"), (re.compile(r'(?<="N":")1\d{9}(?=")'), "<s>"), (re.compile(r'(?<=\\"ttl\\":)1\d{9}'), "<s>"),
           (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<uuid>"),
           (re.compile(r'(?<="S":")[0-9a-f]{32}(?=")'), "<salt>"), (re.compile(r'(?<="S":")[0-9a-f]{64}(?=")'), "<digest>"),
           (re.compile(r"AAAAA[A-Za-z0-9+/]{27}"), "<callback>"), (re.compile(r'(?<="number":)\d+'), "<number>")]
BATCH = 2000  # approvals written at a time


# As src/store/compact_store.cpp keeps the values that there are many of.
HEADER = (ROOT / "src/store/dictionary.hpp").read_text()
TEXT = re.search(r'R"dictionary\((.*)\)dictionary"', HEADER, re.DOTALL)[1].encode()
TABLES = b64decode("".join(re.findall(r'"([A-Za-z0-9+/=]+)"', HEADER[HEADER.index("kDictionaryTables ="):])))
DICTIONARY = ZstdCompressionDict(TABLES + TEXT, dict_type=DICT_TYPE_FULLDICT)
COMPRESSOR = ZstdCompressor(level=3, dict_data=DICTIONARY, write_dict_id=False)
DECOMPRESSOR = ZstdDecompressor(dict_data=DICTIONARY)
MARK, FRAME_MAGIC = b"\xf6", b"\x28\xb5\x2f\xfd"


def stored(space, value):
    if space not in ("executions", "journal", "items") or len(value) < 100:
        return value
    compact = MARK + COMPRESSOR.compress(value.encode())[len(FRAME_MAGIC):]
    return compact if len(compact) < len(value) else value


def read(value):
    return DECOMPRESSOR.decompress(FRAME_MAGIC + value[1:]).decode() if isinstance(value, bytes) else value


def number_key(number):
    return number.to_bytes(8, "big")


def ms_of(iso):
    return round(datetime.fromisoformat(iso).timestamp() * 1000)


def iso_of(ms):
    return (datetime.fromtimestamp(ms // 1000, timezone.utc) + timedelta(milliseconds=ms % 1000)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def approval_id_of(arn):
    """As src/approvals/domain/models.cpp makes it."""
    made = bytearray(hashlib.sha256(arn.encode()).digest()[:16])
    made[6], made[8] = made[6] & 0x0F | 0x80, made[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(made)))


def rows_of(database, number):
    """Every row of the approval that an execution waits for: (space, key, value)."""
    def select(space, where, *parameters):
        rows = database.execute(f"SELECT key, value FROM {space} WHERE {where}", parameters)
        return [(space, key, read(value)) for key, value in rows]

    key = number_key(number)
    found = [row for space in ("executions", "journal") for row in select(space, "key >= ? AND key < ?", key, number_key(number + 1))]
    approval_id = approval_id_of(next(json.loads(value)["arn"] for space, _, value in found if space == "executions"))
    found += select("execution_names", "value = ?", str(number))
    for space in ("executions_by_function", "timers"):
        found += select(space, "substr(key, -8) = ?", key)
    for space in ("items", "index_items", "item_expiry"):
        found += select(space, "instr(key, ?) > 0", approval_id.encode())
    return found


def without_differences(space, key, value):
    """A row with ids, times and digests taken out, and how long key and value were."""
    text = re.sub(r"^\d+$", "<number>", value)
    binary = {"item_expiry": 8, "executions_by_function": -16}.get(space)  # where the key's text begins, or ends
    name = key[binary:] if binary == 8 else key[:binary] if binary else key if space in ("execution_names", "items", "index_items") else b""
    name = name.decode("latin-1")
    for pattern, replacement in DIFFERS:
        text, name = pattern.sub(replacement, text), pattern.sub(replacement, name)
    return space, len(key), name, text, len(value) if text != "<number>" else 0


class Template:
    """One approval that the API made, given by its execution's number."""

    def __init__(self, database, number):
        rows = rows_of(database, number)
        head = json.loads(next(value for space, _, value in rows if space == "executions"))
        items = [(key, flat(json.loads(value))) for space, key, value in rows if space == "items"]
        record = next(item for key, item in items if b"ApprovalRequests" in key)
        self.audit = sorted((item for key, item in items if b"ApprovalEvents" in key), key=lambda one: one["seq"])
        self.number = number
        self.record = record
        self.created_ms = ms_of(record["created_at"])
        self.times = {}  # field -> its form, and how many milliseconds after the record's creation it is
        journal = "".join(value for space, _, value in rows if space == "journal")
        self.own = {head["id"]: "id", head["name"]: "name", record["approval_id"]: "approval", record["callback_token"]: "callback",
                    re.search(r'"request":"([^"]+)"', journal).group(1): "request"}
        for one in self.audit:
            self.own |= {one[name]: f"{name}{one['seq']}" for name in ("hash", "shown_digest") if one[name]}
            self.own |= {field["salt"]: f"salt{one['seq']}{name}" for name, field in one["personal"].items()}
            self.own |= {digest: f"digest{one['seq']}{name}" for name, digest in one["digests"].items()}
        self.makers = [(space, self.key_maker(space, key), "%(number)d" if space == "execution_names" else self.formatted(value))
                       for space, key, value in rows]

    def formatted(self, text):
        """The text with a place for everything that is an approval's own."""
        text = text.replace("%", "%%").replace(f'"number":{self.number},', '"number":%(number)d,')
        for known, field in self.own.items():
            text = text.replace(known, f"%({field})s")
        text = ISO.sub(lambda found: self.time_place("iso", ms_of(found[0])), text)
        text = EPOCH_MS.sub(lambda found: self.time_place("ms", int(found[0])), text)
        ttl, place = self.record["ttl"], self.time_place("s", self.record["ttl"] * 1000)
        # As the table has it, and as an operation's payload does.
        return text.replace(f'"N":"{ttl}"', f'"N":"{place}"').replace(f'\\"ttl\\":{ttl}', f'\\"ttl\\":{place}')

    def time_place(self, form, ms):
        field = f"{form}{ms - self.created_ms}"
        self.times[field] = (form, ms - self.created_ms)
        return f"%({field})s"

    def key_maker(self, space, key):
        """A function from an approval's fields to the key of its row."""
        def later(part, unit=1):
            return int.from_bytes(part, "big") * unit - self.created_ms
        if space == "executions":
            return lambda own: own["key"]
        if space == "journal":
            return lambda own, entry=key[8:]: own["key"] + entry
        if space == "executions_by_function":
            return lambda own, after=later(key[-16:-8]): key[:-16] + number_key(own["created"] + after) + own["key"]
        if space == "timers":
            return lambda own, after=later(key[:8]): number_key(own["created"] + after) + own["key"]
        if space == "item_expiry":
            form = self.formatted(key[8:].decode("latin-1"))
            return lambda own, after=later(key[:8], 1000): number_key((own["created"] + after) // 1000) + (form % own).encode("latin-1")
        form = self.formatted(key.decode("latin-1"))
        return lambda own: (form % own).encode("latin-1")

    def fields(self, number, created_ms):
        """Ids, times and digests of one more approval."""
        digits = f"{number:012x}"
        own = {"number": number, "key": number_key(number), "created": created_ms, "id": f"{digits[:8]}-{digits[8:]}-8{str(uuid.uuid4())[15:]}",
               "callback": b64encode(number_key(number) + secrets.token_bytes(16)).decode()}
        own |= {name: str(uuid.uuid4()) for name in ("name", "request")}
        own["approval"] = approval_id_of(self.formatted(self.record["execution_arn"]) % own)
        for field, (form, later) in self.times.items():
            ms = created_ms + later
            own[field] = iso_of(ms) if form == "iso" else ms if form == "ms" else ms // 1000
        self.add_digests(own)
        return own

    def add_digests(self, own):
        """As the approvals application makes them: what verifies the trail finds it whole."""
        def time(iso):
            return own[f"iso{ms_of(iso) - self.created_ms}"]
        before = "0" * 64
        for one in self.audit:
            seq = one["seq"]
            copy = one | {"approval_id": own["approval"], "at": time(one["at"]), "prev_hash": before, "digests": {}}
            if "expires_at" in one["details"]:
                copy["details"] = one["details"] | {"expires_at": time(one["details"]["expires_at"])}
            for name, field in one["personal"].items():
                salt = own[f"salt{seq}{name}"] = secrets.token_hex(16)
                copy["digests"][name] = own[f"digest{seq}{name}"] = hashlib.sha256((salt + field["value"]).encode()).hexdigest()
            if one["shown_digest"]:
                shown = [own["approval"], *(self.record[name] for name in ("document_id", "document_name", "requester")),
                         time(self.record["created_at"])]
                text = "".join(f"{len(field.encode())}:{field};" for field in shown)
                copy["shown_digest"] = own[f"shown_digest{seq}"] = hashlib.sha256(text.encode()).hexdigest()
            before = own[f"hash{seq}"] = hash_of(copy)

    def rows(self, number, created_ms):
        own = self.fields(number, created_ms)
        return [(space, key(own), form % own) for space, key, form in self.makers]


def check(database, numbers):
    """Raises unless copies of the first approval's rows are those of the others."""
    template = Template(database, numbers[0])
    for number in numbers[1:]:
        made = rows_of(database, number)
        copied = template.rows(number, template.created_ms)
        differ = set(without_differences(*row) for row in made) ^ set(without_differences(*row) for row in copied)
        if differ or len(made) != len(copied):
            raise AssertionError(f"rows made by the API and copied rows differ: {sorted(differ)}")
    return template


def generate(database, template, count, first_created_ms, gap_ms):
    """Adds `count` approvals, each created `gap_ms` after the one before."""
    last = int(database.execute("SELECT value FROM meta WHERE key = ?", (b"next_execution_number",)).fetchone()[0])
    for begin in range(0, count, BATCH):
        written = defaultdict(list)
        for i in range(begin, min(begin + BATCH, count)):
            for space, key, value in template.rows(last + 1 + i, first_created_ms + int(i * gap_ms)):
                written[space].append((key, stored(space, value)))
        for space, rows in written.items():
            database.executemany(f"INSERT INTO {space} (key, value) VALUES (?, ?)", rows)
    database.execute("UPDATE meta SET value = ? WHERE key = ?", (str(last + count), b"next_execution_number"))
    database.commit()
