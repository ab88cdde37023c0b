"""Google's Online Boutique: eleven services of a web shop.

Weights are gRPC calls per user task of its own load generator (index 1, set currency 2, browse 10,
add to cart 2, view cart 3, check out 1), counted in the sources of the services and over a million
simulated tasks: 17.97 calls a task. Requests are those of its manifests.
"""

from typing import Final

from netcore_lab.workloads._application import Application, Call, Service

_IMAGES: Final = "us-central1-docker.pkg.dev/google-samples/microservices-demo"


def _service(name: str, *, cpu_millis: int = 100, memory_mib: int = 64, image: str = "") -> Service:
    return Service(name, cpu_millis, memory_mib, image or f"{_IMAGES}/{name}:v0.10.3")


ONLINE_BOUTIQUE: Final = Application(
    name="online-boutique",
    services=(
        _service("frontend"),
        _service("cartservice", cpu_millis=200),
        _service("productcatalogservice"),
        _service("currencyservice"),
        _service("paymentservice"),
        _service("shippingservice"),
        _service("emailservice"),
        _service("checkoutservice"),
        _service("recommendationservice", memory_mib=220),
        _service("adservice", cpu_millis=200, memory_mib=180),
        _service("redis-cart", cpu_millis=70, memory_mib=200, image="redis:alpine"),
    ),
    calls=(
        Call("frontend", "productcatalogservice", 6.857),
        Call("frontend", "currencyservice", 4.281),
        Call("cartservice", "redis-cart", 1.578),
        Call("frontend", "cartservice", 1.316),
        Call("frontend", "recommendationservice", 1.052),
        Call("recommendationservice", "productcatalogservice", 1.052),
        Call("frontend", "adservice", 0.842),
        Call("frontend", "shippingservice", 0.316),
        Call("checkoutservice", "currencyservice", 0.181),
        Call("checkoutservice", "productcatalogservice", 0.129),
        Call("checkoutservice", "cartservice", 0.105),
        Call("checkoutservice", "shippingservice", 0.105),
        Call("frontend", "checkoutservice", 0.052),
        Call("checkoutservice", "paymentservice", 0.052),
        Call("checkoutservice", "emailservice", 0.052),
    ),
)
