"""Whether an update changes anything: one that does not makes no revision. Pure."""

from netcore_cluster.api.errors import Object


def is_same(new: Object, old: Object) -> bool:
    """Tells whether an update changes nothing but who last wrote the same values and when."""
    if new.keys() != old.keys():
        return False
    for key, value in new.items():
        if key != "metadata" and value != old[key]:
            return False
    ignored = {"resourceVersion", "managedFields"}
    new_meta, old_meta = new["metadata"], old["metadata"]
    for key in (new_meta.keys() | old_meta.keys()) - ignored:
        if new_meta.get(key) != old_meta.get(key):
            return False
    return _without_times(new_meta) == _without_times(old_meta)


def _without_times(meta: Object) -> list[Object]:
    managers = meta.get("managedFields") or ()
    return [{key: part[key] for key in part if key != "time"} for part in managers]
