import numpy as np
import pytest

from netcore_lab.evaluate import Network, evaluate
from netcore_lab.workloads import Application, Call, Service

NETWORK = Network(
    nodes=("a", "b", "c"),
    regions=("east", "east", "west"),
    rtt_ms=np.array([[0.0, 2.0, 80.0], [2.0, 0.0, 80.0], [80.0, 80.0, 0.0]]),
)
SHOP = Application(
    name="shop",
    services=(Service("web", 100, 64, "web"), Service("db", 100, 64, "db")),
    calls=(Call("web", "db", 3.0),),
)


def test_a_call_on_one_node_costs_nothing():
    quality = evaluate(SHOP, {"web": ["a"], "db": ["a"]}, NETWORK)
    assert quality.mean_weighted_rtt_ms == 0
    assert quality.cross_region_share == 0


def test_replicas_share_the_calls_evenly():
    quality = evaluate(SHOP, {"web": ["a"], "db": ["b", "c"]}, NETWORK)
    assert quality.mean_weighted_rtt_ms == pytest.approx(41.0)
    assert quality.cross_region_share == pytest.approx(0.5)
    assert quality.network_ms_per_task == pytest.approx(123.0)


def test_weights_decide_the_mean():
    shop = Application(
        name="shop",
        services=SHOP.services,
        calls=(Call("web", "db", 3.0), Call("db", "web", 1.0)),
    )
    lopsided = Network(
        NETWORK.nodes, NETWORK.regions, np.array([[0, 10.0, 0], [50.0, 0, 0], [0, 0, 0.0]])
    )
    quality = evaluate(shop, {"web": ["a"], "db": ["b"]}, lopsided)
    assert quality.mean_weighted_rtt_ms == pytest.approx((3 * 10 + 50) / 4)


@pytest.mark.parametrize(
    ("placement", "said"),
    [({"web": ["a"]}, "no replica of db"), ({"web": ["a"], "db": ["z"]}, "'z'")],
)
def test_a_placement_with_holes_is_refused(placement, said):
    with pytest.raises(ValueError, match=said):
        evaluate(SHOP, placement, NETWORK)
