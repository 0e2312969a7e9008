"""The SQL API of the tests' Snowflake: statements over an SQLite database, with COPY INTO."""
import ctypes
import json
import re
import sqlite3
import uuid

ZSTD = ctypes.CDLL("libzstd.so.1")
ZSTD.ZSTD_decompress.restype = ctypes.c_size_t
ZSTD.ZSTD_decompress.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t]
ZSTD.ZSTD_isError.argtypes = [ctypes.c_size_t]

COLUMNS = ("CHAIN_ID", "SEQ", "EVENT_ID", "PREV_HASH", "HASH", "OCCURRED_AT", "RAW", "ARCHIVE_KEY")
COPY = re.compile(r'COPY INTO (\S+)\s+FROM \(.*?FROM (@\S+)\)\s+FILES=\((.*?)\)\s+.*'
                  r'ON_ERROR=ABORT_STATEMENT', re.S)


def unzstd(data, limit=64 * 1024 * 1024):
    """All frames of a zstd file, or None."""
    out = ctypes.create_string_buffer(limit)
    size = ZSTD.ZSTD_decompress(out, limit, data, len(data))
    return None if ZSTD.ZSTD_isError(size) else out.raw[:size]


def to_number(text):
    return int(text) if text is not None and re.fullmatch(r"\d+", str(text)) else None


class SqlError(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Database:
    """The landing table, and what COPY INTO has loaded into it."""

    def __init__(self, table, archive=None):
        self.table, self.archive = table, archive
        self.loaded = set()
        self.executed = []
        self.sql = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self.sql.create_function("TRY_TO_NUMBER", 1, to_number, deterministic=True)
        self.create()

    def create(self):
        names = ", ".join(f"{name} TEXT" for name in COLUMNS)
        self.sql.execute(f'CREATE TABLE "{self.table}" ({names})')

    def insert(self, rows):
        marks = ", ".join("?" for _ in COLUMNS)
        self.sql.executemany(f'INSERT INTO "{self.table}" VALUES ({marks})',
                             [[row.get(name) for name in COLUMNS] for row in rows])

    def rows(self):
        cursor = self.sql.execute(f'SELECT {", ".join(COLUMNS)} FROM "{self.table}" '
                                  'ORDER BY CHAIN_ID, CAST(SEQ AS INTEGER)')
        return [dict(zip(COLUMNS, row)) for row in cursor]

    def copy(self, names):
        """FILES=(…), all or nothing."""
        found = []
        for name in names:
            file = self.archive / name
            if name in self.loaded:
                continue
            if not file.exists():
                raise SqlError("091016", f"Remote file '{name}' was not found.")
            found.append((name, [json.loads(line) | {"line": line} for line in
                                 unzstd(file.read_bytes()).decode().split("\n") if line]))
        for name, lines in found:
            self.insert([{"CHAIN_ID": e["chain"], "SEQ": str(e["index"]), "EVENT_ID": e["id"],
                          "PREV_HASH": e["prevHash"], "HASH": e["hash"], "OCCURRED_AT": e["ts"],
                          "RAW": e["line"], "ARCHIVE_KEY": name} for e in lines])
            self.loaded.add(name)
        if not found:
            return ["status"], [["Copy executed with 0 files processed."]]
        return (["file", "status", "rows_parsed", "rows_loaded", "errors_seen"],
                [[name, "LOADED", str(len(lines)), str(len(lines)), "0"] for name, lines in found])

    def run(self, statement, texts, database, schema):
        self.executed.append(statement)
        copy = COPY.search(statement)
        if copy:
            return self.copy(re.findall(r"'([^']*)'", copy.group(3)))
        local = statement.replace(f'"{database}"."{schema}".', "")
        try:
            cursor = self.sql.execute(local, texts)
        except sqlite3.Error as error:
            code = "002003" if "no such table" in str(error) else "001003"
            raise SqlError(code, f"SQL compilation error: {error}") from error
        names = [column[0].upper() for column in cursor.description or []]
        return names, [[None if cell is None else str(cell) for cell in row] for row in cursor]


class Statements:
    """Statements by handle and by requestId; results in partitions."""

    def __init__(self, database):
        self.database = database
        self.by_request, self.results, self.left = {}, {}, {}
        self.running_polls = 0  # how often a statement is still running when it is asked for
        self.partition_rows = 1000
        self.cancelled = []

    def submit(self, request_id, is_retry, body):
        """Its handle. A request that was carried out already is not carried out again."""
        if request_id in self.by_request and is_retry:
            return self.by_request[request_id]
        texts = [value["value"] for _, value in
                 sorted(body.get("bindings", {}).items(), key=lambda item: int(item[0]))]
        handle = str(uuid.uuid4())
        self.results[handle] = self.database.run(body["statement"], texts, body["database"],
                                                 body["schema"])
        self.left[handle] = self.running_polls
        self.by_request[request_id] = handle
        return handle

    def is_running(self, handle):
        self.left[handle] -= 1
        return self.left[handle] >= 0

    def partitions(self, rows):
        size = self.partition_rows
        return [rows[at:at + size] for at in range(0, max(len(rows), 1), size)]

    def reply(self, handle, partition):
        names, rows = self.results[handle]
        parts = self.partitions(rows)
        if partition:
            return {"data": parts[partition]}
        return {"code": "090001", "sqlState": "00000", "statementHandle": handle,
                "message": "Statement executed successfully.", "data": parts[0],
                "resultSetMetaData": {
                    "numRows": len(rows), "format": "jsonv2",
                    "partitionInfo": [{"rowCount": len(part)} for part in parts],
                    "rowType": [{"name": name, "type": "TEXT"} for name in names]}}
