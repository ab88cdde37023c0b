"""A decision for people: what it must say, and that it fits a terminal."""

from typing import Any

from netcore_scheduler.explanation import describe


def link(peer: str, node: str, rtt_ms: float | None, **parts: Any) -> dict[str, Any]:
    return {
        "peer": peer,
        "pod": f"shop/{peer}-0",
        "direction": "to",
        "node": node,
        "weight": 1.0,
        "rttMs": rtt_ms,
        "cost": 0.01,
        "source": "measured",
        "ageSeconds": 12.3,
    } | parts


def candidate(node: str, **scores: list[float]) -> dict[str, Any]:
    return {"node": node, "total": sum(part[2] for part in scores.values()), "scores": scores}


def explanation(**parts: Any) -> dict[str, Any]:
    return {
        "pod": "shop/front-0",
        "node": "near",
        "boundTo": "near",
        "origin": "recorded",
        "message": "Successfully assigned shop/front-0 to near",
        "snapshot": 42,
        "seed": 7,
        "evaluated": 5,
        "feasible": 3,
        "rejected": [],
        "top": [
            candidate("near", NodeResourcesFit=[40, 40, 40], NetworkCost=[9990, 99, 495]),
            candidate("far", NodeResourcesFit=[90, 90, 90], NetworkCost=[5000, 50, 250]),
        ],
        "links": [],
        "runnerUpLinks": [],
    } | parts


def test_the_verdict_names_what_won_and_what_spoke_against_it() -> None:
    assert (
        "It beat far by 195, most of all by NetworkCost (+245), in spite of NodeResourcesFit (-50)."
    ) in describe(explanation())


def test_a_tie_is_told() -> None:
    same = {"NodeResourcesFit": [40, 40, 40]}
    top = [candidate("near", **same), candidate("far", **same)]
    assert "It tied with far, and the seed decided." in describe(explanation(top=top))


def test_one_feasible_node_needs_no_score() -> None:
    text = describe(explanation(feasible=1, top=[candidate("near")]))
    assert "It was the only feasible node." in text


def test_each_part_of_the_score_stands_beside_the_runner_ups() -> None:
    lines = describe(explanation()).splitlines()
    assert "SCORE              CHOSEN            RUNNER-UP" in lines
    assert "node               near              far" in lines
    assert "NetworkCost        9990 → 99 → 495   5000 → 50 → 250" in lines
    assert "total              535               340" in lines


def test_each_link_stands_beside_the_runner_ups() -> None:
    links = [
        link("cart", "near", 0.0, source="same-node", ageSeconds=None, cost=0.0),
        link("ad", "other", None, source="unknown", ageSeconds=None, cost=0.5),
        link("mail", "other", 12.5, direction="from", weight=3.5),
    ]
    instead = [link("cart", "near", 80.0), link("mail", "other", 0.4, direction="from")]
    rows = [
        line.split()
        for line in describe(explanation(links=links, runnerUpLinks=instead)).splitlines()
    ]
    assert ["→", "cart", "near", "1", "0.00ms", "0.000", "same-node", "-", "80.00ms"] in rows
    assert ["→", "ad", "other", "1", "unknown", "0.500", "unknown", "-", "-"] in rows
    assert ["←", "mail", "other", "3.5", "12.50ms", "0.010", "measured", "12s", "0.40ms"] in rows


def test_a_pod_without_a_node_shows_who_rejected_what() -> None:
    message = "0/5 nodes are available: 1 node(s) were unschedulable, 4 Insufficient cpu."
    rejected = [
        {"plugin": "NodeResourcesFit", "reason": "Insufficient cpu", "count": 4, "nodes": ["a"]},
        {
            "plugin": "NodeUnschedulable",
            "reason": "node(s) were unschedulable",
            "count": 1,
            "nodes": ["b"],
        },
    ]
    text = describe(
        explanation(node=None, boundTo=None, feasible=0, top=[], rejected=rejected, message=message)
    )
    assert "shop/front-0 → no node" in text
    assert message in text
    assert "4   Insufficient cpu (NodeResourcesFit): a, …" in text
    assert "1   node(s) were unschedulable (NodeUnschedulable): b" in text


def test_a_pod_that_is_elsewhere_by_now_is_told() -> None:
    text = describe(explanation(boundTo="far", origin="planned now"))
    assert "shop/front-0 → near (it is bound to far)" in text
    assert "3 of 5 nodes feasible, snapshot 42, seed 7, planned now" in text


def test_long_names_stay_within_a_hundred_columns() -> None:
    host = "ip-10-0-{}-34.eu-central-1.compute.internal"
    scores = {
        "NodeResourcesBalancedAllocation": [99.0, 99.0, 99.0],
        "NetworkCost": [10000.0, 100.0, 500.0],
    }
    rejected = [
        {
            "plugin": "NetworkLimits",
            "reason": "node(s) exceeded the network cost limit from workload recommendationservice",
            "count": 4998,
            "nodes": [host.format(number) for number in range(3)],
        }
    ]
    links = [link("recommendationservice-canary", host.format(number), 123.4) for number in "ab"]
    text = describe(
        explanation(
            node=host.format(1),
            top=[candidate(host.format(number), **scores) for number in range(5)],
            rejected=rejected,
            links=links,
            runnerUpLinks=links,
            message=" ".join(["4998 node(s) exceeded the network cost limit,"] * 4),
        )
    )
    assert [line for line in text.splitlines() if len(line) > 100] == []
    assert "recommend…e-canary" in text


def test_a_policy_about_time_tells_ms_per_second_in_place_of_a_cost() -> None:
    links = [link("cart", "near", 1.5, msPerSecond=31.66), link("ads", "far", None)]
    text = describe(explanation(links=links))
    [header, cart, ads] = [line.split() for line in text.split("\n\n")[-1].splitlines()]
    assert header[4:6] == ["RTT", "MS/S"]
    assert cart[4:6] == ["1.50ms", "31.7"]
    assert ads[4:6] == ["unknown", "-"], "an unknown link has no time"
    assert max(len(line) for line in text.splitlines()) <= 100
