"""The one gateway to a Kubernetes API server: configuration, requests, watches.

Objects travel as the server's raw JSON; whoever needs a field decodes it once. Typed clients cost
milliseconds an object, which a scheduler cannot spend.
"""

from netcore.kube._client import KubeClient
from netcore.kube._config import Credentials, load_credentials
from netcore.kube._errors import ApiError, KubeConfigError
from netcore.kube._informer import Informer, ResourceEvent

__all__ = [
    "ApiError",
    "Credentials",
    "Informer",
    "KubeClient",
    "KubeConfigError",
    "ResourceEvent",
    "load_credentials",
]
