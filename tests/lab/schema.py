"""Records against the schema that is published with the program (conf/audit.schema.json)."""

import functools
import json
from pathlib import Path

import jsonschema

SCHEMA = Path(__file__).resolve().parents[2] / "conf/audit.schema.json"


@functools.cache
def _validator():
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def faults(record):
    """What is wrong with a record, in words."""
    return [f"record {record.get('seq')}: {'.'.join(map(str, error.absolute_path))}: {error.message}"
            for error in _validator().iter_errors(record)]
