"""An independent judge of group placements: everything is counted anew, with numpy.

A problem is the arrays of `netcore.place_group`, all of them given; a placement is the node of each
pod, -1 for one that is left out.
"""

import numpy as np


def violations(problem, nodes):
    """The names of the constraints that a placement breaks."""
    placed, fixed = nodes >= 0, problem["fixed"] >= 0
    free = np.flatnonzero(placed & ~fixed)
    broken = []
    taken, asked = np.zeros_like(problem["capacities"]), np.zeros_like(problem["capacities"])
    np.add.at(taken, nodes[placed], problem["requests"][placed])
    np.add.at(asked, nodes[free], problem["requests"][free])
    # Where a pod stays, there it stays, however full its node is.
    if ((taken > problem["capacities"]) & (asked > 0)).any():
        broken.append("capacities")
    if not problem["allowed"][free, nodes[free]].all():
        broken.append("allowed")
    if (nodes[fixed] != problem["fixed"][fixed]).any():
        broken.append("fixed")
    is_free = ~fixed[problem["edges"]].all(axis=1)
    if (is_free & (of_edges(problem, nodes) > problem["max_costs"])).any():
        broken.append("max_costs")
    return broken


def of_edges(problem, nodes):
    """The cost of each edge's link; 0 where one of its pods is left out."""
    origin, destination = nodes[problem["edges"]].T
    costs = problem["costs"][origin, destination].astype(float)
    return np.where((origin >= 0) & (destination >= 0), costs, 0)


def objective(problem, nodes):
    """What a placement costs."""
    free = np.flatnonzero((nodes >= 0) & (problem["fixed"] < 0))
    extra = problem["extra_costs"][free, nodes[free]].astype(float)
    return (problem["weights"] * of_edges(problem, nodes)).sum() + extra.sum()
