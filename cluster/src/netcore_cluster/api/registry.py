"""Everything below HTTP: what is served, and the verbs on it. `Server` and `Client` stand on it."""

from netcore_cluster.api.admission import Admission
from netcore_cluster.api.catalog import Catalog
from netcore_cluster.api.reading import Reading
from netcore_cluster.api.subresources import Subresources
from netcore_cluster.api.watching import Watching
from netcore_cluster.api.writing import Writing
from netcore_cluster.storage.store import Store


class Registry:
    """The verbs on the resources of one store.

    Attributes:
        store: the objects.
        catalog: the resources.
        reading: get and list.
        watching: watch.
        writing: create, update, patch, delete.
        subresources: binding, eviction, scale.
    """

    def __init__(self, store: Store) -> None:
        """Serves the objects of `store`."""
        self.store = store
        self.catalog = Catalog()
        self.reading = Reading(store)
        self.watching = Watching(store, self.reading)
        self.writing = Writing(store, Admission(store, self.catalog))
        self.subresources = Subresources(store, self.catalog, self.reading, self.writing)
