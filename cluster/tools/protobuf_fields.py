"""Writes schema/protobuf_fields.json: which field of which message is which field of the JSON.

Run it when the Kubernetes version changes, with the source of k8s.io/api and k8s.io/apimachinery
of that version at hand (`go mod download` fetches them, `go list -m -f '{{.Dir}}'` tells where):

    python cluster/tools/protobuf_fields.py API_FOLDER APIMACHINERY_FOLDER

The messages are named as in the OpenAPI definitions. A message's fields are, by number, the
field's name and its type:

    s text, i integer, b boolean, d double, x bytes, m:NAME message; [ before it: a list of them;
    { before it: a map of texts to them; an empty name: the message's fields are the holder's own.
"""

import argparse
import re
from pathlib import Path

import orjson

from netcore_cluster.kinds import BUILTIN
from netcore_cluster.schema.definitions import kinds_of, load_definitions
from netcore_cluster.schema.protobuf import OWN_FORMS

OUTPUT = Path(__file__).parents[1] / "src/netcore_cluster/schema/protobuf_fields.json"

# What clients send beside the kinds that are served as objects.
REQUESTS = {
    "v1/DeleteOptions": "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
    "v1/Binding": "io.k8s.api.core.v1.Binding",
    "policy/v1/Eviction": "io.k8s.api.policy.v1.Eviction",
    "autoscaling/v1/Scale": "io.k8s.api.autoscaling.v1.Scale",
}

SCALARS = {
    "string": "s",
    "int32": "i",
    "int64": "i",
    "uint32": "i",
    "uint64": "i",
    "bool": "b",
    "double": "d",
    "bytes": "x",
}

_PACKAGE = re.compile(r"^package (\S+);", re.MULTILINE)
_MESSAGE = re.compile(r"^message (\w+) \{(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(
    r"^\s+(?:(optional|repeated) ([\w.]+)|map<string, ([\w.]+)>) (\w+) = (\d+);", re.MULTILINE
)

Fields = dict[str, list[str]]


def full_name(package: str, name: str) -> str:
    """Returns the name of a definition: k8s.io.api.core.v1 becomes io.k8s.api.core.v1."""
    full = name.removeprefix(".") if "." in name else f"{package}.{name}"
    return full.replace("k8s.io.", "io.k8s.", 1)


def read(folder: Path) -> dict[str, Fields]:
    """Returns the messages of all proto files in a folder."""
    messages = {}
    for path in sorted(folder.rglob("generated.proto")):
        text = path.read_text()
        found = _PACKAGE.search(text)
        assert found is not None, path
        package = found[1]
        for name, body in _MESSAGE.findall(text):
            fields = {}
            for label, type_name, value_name, field, number in _FIELD.findall(body):
                used = type_name or value_name
                kind = SCALARS.get(used) or f"m:{full_name(package, used)}"
                prefix = "{" if value_name else "[" if label == "repeated" else ""
                fields[number] = [field, prefix + kind]
            messages[full_name(package, name)] = fields
    return messages


def inline(messages: dict[str, Fields]) -> None:
    """Blanks the names of fields that the JSON does not have: their fields are the holder's."""
    definitions = load_definitions()
    for name, fields in messages.items():
        properties = definitions.get(name, {}).get("properties")
        if properties is None:
            continue
        for field in fields.values():
            if field[0] not in properties and field[1].startswith("m:"):
                field[0] = ""


def main() -> None:
    """Writes the file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    messages: dict[str, Fields] = {}
    for folder in parser.parse_args().folders:
        messages |= read(folder)
    inline(messages)
    served = {(kind.group, kind.version, kind.kind) for kind in BUILTIN}
    kinds = dict(REQUESTS)
    for name, definition in load_definitions().items():
        for group, version, kind in kinds_of(definition):
            if (group, version, kind) in served and name in messages:
                kinds[f"{group}/{version}/{kind}".removeprefix("/")] = name
    wanted, reached = list(kinds.values()), {}
    while wanted:
        name = wanted.pop()
        if name in reached or name in OWN_FORMS:
            continue
        reached[name] = messages[name]
        wanted += [kind.partition("m:")[2] for _, kind in messages[name].values() if "m:" in kind]
    table = {"kinds": dict(sorted(kinds.items())), "messages": dict(sorted(reached.items()))}
    OUTPUT.write_bytes(orjson.dumps(table, option=orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    main()
