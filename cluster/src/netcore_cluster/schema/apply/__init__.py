"""Field management: who owns which field, and server-side apply.

`managed_fields_after_update` is for every write but apply, `server_side_apply` for apply.
"""

from netcore_cluster.schema.apply.server_side import Applier, server_side_apply
from netcore_cluster.schema.apply.update import managed_fields_after_update

__all__ = ["Applier", "managed_fields_after_update", "server_side_apply"]
