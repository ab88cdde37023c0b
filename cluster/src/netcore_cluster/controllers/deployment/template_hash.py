"""The hash that tells the ReplicaSets of a Deployment apart; pure.

It goes into the ReplicaSet's name and into the label `pod-template-hash` of its pods. Whether a
ReplicaSet belongs to a template is decided by comparing the templates, so the hash need only be
stable and rarely collide; the Deployment counts collisions and hashes the count along.
"""

from typing import Final

import orjson

from netcore_cluster.api.errors import Object
from netcore_cluster.controllers.deployment.replica_sets import TEMPLATE_HASH

# No vowels, so that no hash spells a word, and nothing that is mistaken for something else.
_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"

_FNV_OFFSET: Final = 0x811C9DC5
_FNV_PRIME: Final = 0x01000193


def template_hash(template: Object, collisions: int) -> str:
    """A short hash of a pod template, safe in names and labels.

    Args:
        template: The pod template of a Deployment.
        collisions: How often this Deployment found its hash taken.

    Source: FNV-1a, 32 bits; the alphabet of apimachinery ``pkg/util/rand``.
    """
    text = orjson.dumps([template, collisions], option=orjson.OPT_SORT_KEYS)
    value = _FNV_OFFSET
    for byte in text:
        value = (value ^ byte) * _FNV_PRIME & 0xFFFFFFFF
    return "".join(_ALPHABET[ord(digit) % len(_ALPHABET)] for digit in str(value))


def is_same_template(one: Object, other: Object) -> bool:
    """Whether two pod templates are equal but for the hash label."""
    return _without_hash(one) == _without_hash(other)


def _without_hash(template: Object) -> Object:
    metadata = template.get("metadata") or {}
    labels = {k: v for k, v in (metadata.get("labels") or {}).items() if k != TEMPLATE_HASH}
    rest = {k: v for k, v in metadata.items() if k != "labels" and v is not None}
    return {"labels": labels, "metadata": rest, "spec": template["spec"]}
