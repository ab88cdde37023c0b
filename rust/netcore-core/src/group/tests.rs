use proptest::prelude::*;

use super::*;

/// Pods, nodes and everything that can be between them, small enough for exhaustion.
fn arrays() -> impl Strategy<Value = Arrays> {
    (1..7_usize, 1..6_usize, 0..3_usize).prop_flat_map(|(pods, nodes, resources)| {
        let pod = 0..pods as u32;
        let weight = prop_oneof![Just(0.0), 0.1..10.0_f64];
        let edges = prop::collection::vec((pod.clone(), pod.clone(), weight, 0..2_u32), 0..12);
        let limits = prop::collection::vec((pod.clone(), pod, 0.0..10.0_f32), 0..4);
        let cost = prop_oneof![Just(0.0), Just(1.0), 0.0..20.0_f32];
        let cells = nodes * nodes;
        let costs = prop::collection::vec(prop::collection::vec(cost, cells), 2);
        let distance = prop_oneof![4 => 0.0..12.0_f32, 1 => Just(f32::NAN)];
        let fixed = prop::option::weighted(0.2, 0..nodes as u32);
        let extra = prop::bool::ANY;
        (
            prop::collection::vec(-1..6_i64, nodes * resources),
            prop::collection::vec(0..4_i64, pods * resources),
            (costs, edges),
            (prop::collection::vec(distance, cells), limits),
            prop::collection::vec(prop::bool::weighted(0.8), pods * nodes),
            (extra, prop::collection::vec(0.0..5.0_f32, pods * nodes)),
            prop::collection::vec(fixed, pods),
        )
            .prop_map(
                move |(capacities, requests, traffic, limits, allowed, extra, fixed)| Arrays {
                    nodes,
                    pods,
                    resources,
                    capacities,
                    requests,
                    costs: traffic.0,
                    edges: traffic.1.into_iter().filter_map(edge).collect(),
                    distances: limits.0,
                    limits: limits.1.into_iter().filter_map(limit).collect(),
                    allowed,
                    extra_costs: if extra.0 { extra.1 } else { Vec::new() },
                    fixed,
                },
            )
    })
}

fn edge((from, to, weight, matrix): (u32, u32, f64, u32)) -> Option<Edge> {
    (from != to).then_some(Edge {
        from,
        to,
        weight,
        matrix,
    })
}

fn limit((from, to, most): (u32, u32, f32)) -> Option<Limit> {
    (from != to).then_some(Limit { from, to, most })
}

pub(super) fn forever() -> f64 {
    1.0
}

fn solve(arrays: &Arrays, seed: u64, steps: u64) -> Placement {
    let problem = Problem::new(arrays.clone()).expect("sound arrays");
    place(&problem, None, seed, &mut Budget::new(steps, &mut forever))
}

fn left_out(nodes: &[Option<u32>]) -> usize {
    nodes.iter().filter(|node| node.is_none()).count()
}

/// The best of all placements, by trying every one: pods left out, and cost.
fn exhausted(arrays: &Arrays) -> (usize, f64) {
    let choices = arrays.nodes + 1;
    let mut best = (usize::MAX, f64::INFINITY);
    for mut code in 0..choices.pow(arrays.pods as u32) {
        let mut nodes = Vec::with_capacity(arrays.pods);
        for _ in 0..arrays.pods {
            let node = code % choices;
            code /= choices;
            nodes.push((node < arrays.nodes).then_some(node as u32));
        }
        if arrays.violations(&nodes).is_empty() {
            let score = (left_out(&nodes), arrays.objective(&nodes));
            if score < best {
                best = score;
            }
        }
    }
    best
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
    #[test]
    fn a_placement_keeps_every_constraint_and_is_never_worse_than_greedy(
        arrays in arrays(), seed in 0..4_u64, steps in prop_oneof![Just(0_u64), 1..2000_u64],
    ) {
        let placement = solve(&arrays, seed, steps);
        prop_assert_eq!(arrays.violations(&placement.nodes), []);
        prop_assert_eq!(left_out(&placement.nodes), placement.unplaced.len());
        prop_assert!(placement.unplaced.len() <= placement.greedy_unplaced);
        if placement.unplaced.len() == placement.greedy_unplaced {
            prop_assert!(placement.cost <= placement.greedy_cost);
        }
        for unplaced in &placement.unplaced {
            // Nobody is left out who could be placed as things are.
            let said = unplaced.forbidden + unplaced.full + unplaced.beyond;
            prop_assert_eq!(said, arrays.nodes);
        }
        prop_assert_eq!(solve(&arrays, seed, steps), placement);
    }

    #[test]
    fn a_placement_given_is_never_made_worse(arrays in arrays(), seed in 0..4_u64) {
        let given = solve(&arrays, seed, 5000);
        let problem = Problem::new(arrays.clone()).expect("sound arrays");
        let mut time_left = forever;
        let mut budget = Budget::new(50, &mut time_left);
        let again = place(&problem, Some(&given.nodes), seed + 1, &mut budget);
        prop_assert_eq!(again.greedy_cost.to_bits(), given.cost.to_bits());
        prop_assert!(again.unplaced.len() <= given.unplaced.len());
        if again.unplaced.len() == given.unplaced.len() {
            prop_assert!(again.cost <= given.cost);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn small_problems_are_solved_all_but_exactly(
        arrays in arrays().prop_filter("too many placements", |it| it.pods + it.nodes <= 9),
    ) {
        let (left_out, cost) = exhausted(&arrays);
        let placement = solve(&arrays, 0, 400_000);
        prop_assert_eq!(placement.unplaced.len(), left_out);
        prop_assert!(placement.cost <= cost * 1.001 + 1e-4, "{} is not {}", placement.cost, cost);
    }
}

#[test]
fn one_pod_makes_room_for_two() {
    // Pod 3 comes first for its traffic with pod 0, which may go nowhere; it keeps pod 1 out by the
    // limit and pod 2 by the room.
    let arrays = Arrays {
        nodes: 1,
        pods: 4,
        resources: 1,
        capacities: vec![1],
        requests: vec![0, 0, 1, 1],
        costs: vec![vec![0.0]],
        edges: edge((3, 0, 0.1, 0)).into_iter().collect(),
        distances: vec![9.0],
        limits: limit((1, 3, 0.0)).into_iter().collect(),
        allowed: vec![false, true, true, true],
        ..Arrays::default()
    };
    for seed in 0..16 {
        let nodes = solve(&arrays, seed, 400_000).nodes;
        assert_eq!(nodes, [None, Some(0), Some(0), None], "seed {seed}");
    }
}

#[test]
fn two_pods_go_where_neither_would_alone() {
    // Each is cheapest on a node of its own, from which the other is too far on every node.
    let limits = [limit((0, 1, 1.0)), limit((1, 0, 1.0))];
    let mut distances = vec![5.0; 25];
    distances[24] = 0.0;
    let arrays = Arrays {
        nodes: 5,
        pods: 2,
        distances,
        limits: limits.into_iter().flatten().collect(),
        extra_costs: vec![0.0, 1.0, 2.0, 3.0, 9.0, 1.0, 0.0, 2.0, 3.0, 9.0],
        ..Arrays::default()
    };
    for seed in 0..16 {
        let nodes = solve(&arrays, seed, 400_000).nodes;
        assert_eq!(nodes, [Some(4), Some(4)], "seed {seed}");
    }
}

#[test]
fn nothing_to_place_and_nowhere_to_place_it() {
    let none = solve(&Arrays::default(), 0, 100);
    assert_eq!((none.nodes.len(), none.cost), (0, 0.0));
    let nowhere = Arrays {
        pods: 2,
        ..Arrays::default()
    };
    assert_eq!(solve(&nowhere, 0, 100).nodes, [None, None]);
}

#[test]
fn time_ends_a_search_that_steps_would_not() {
    let arrays = Arrays {
        nodes: 8,
        pods: 16,
        resources: 1,
        capacities: vec![2; 8],
        requests: vec![1; 16],
        costs: vec![
            (0..64_u8)
                .map(|cell| f32::from(u8::from(cell % 9 != 0)))
                .collect(),
        ],
        edges: (0..15)
            .map(|from| Edge {
                from,
                to: from + 1,
                weight: 1.0,
                matrix: 0,
            })
            .collect(),
        ..Arrays::default()
    };
    let problem = Problem::new(arrays).expect("sound arrays");
    let mut asked = 0;
    let mut time_left = || {
        asked += 1;
        1.0 - f64::from(asked) / 4.0
    };
    let mut budget = Budget::new(u64::MAX, &mut time_left);
    let placement = place(&problem, None, 0, &mut budget);
    assert!(placement.work.steps < 4 * 4096 && placement.work.starts > 0);
    assert_eq!(placement.unplaced, []);
}

#[test]
fn what_is_wrong_with_arrays_names_the_argument() {
    let sound = Arrays {
        nodes: 2,
        pods: 2,
        resources: 1,
        capacities: vec![1, 1],
        requests: vec![1, 1],
        costs: vec![vec![0.0, 1.0, 1.0, 0.0]],
        ..Arrays::default()
    };
    let edge = |from, to, weight, matrix| Edge {
        from,
        to,
        weight,
        matrix,
    };
    let changed = |change: &dyn Fn(&mut Arrays)| {
        let mut arrays = sound.clone();
        change(&mut arrays);
        match Problem::new(arrays) {
            Err(crate::Error::InvalidArgument { argument, .. }) => argument,
            other => panic!("{other:?} is no error of an argument"),
        }
    };
    assert_eq!(changed(&|it| it.nodes = usize::MAX), "costs");
    assert_eq!(changed(&|it| it.pods = 1 << 40), "requests");
    assert_eq!(changed(&|it| it.capacities.push(0)), "capacities");
    assert_eq!(changed(&|it| it.requests[0] = -1), "requests");
    assert_eq!(changed(&|it| it.requests[0] = i64::MAX), "requests");
    assert_eq!(changed(&|it| it.capacities[0] = i64::MIN), "capacities");
    assert_eq!(changed(&|it| it.costs[0][1] = f32::NAN), "costs");
    assert_eq!(changed(&|it| it.costs[0][1] = -1.0), "costs");
    assert_eq!(
        changed(&|it| it.extra_costs = vec![f32::INFINITY; 4]),
        "extra_costs"
    );
    assert_eq!(changed(&|it| it.edges.push(edge(0, 2, 1.0, 0))), "edges");
    assert_eq!(changed(&|it| it.edges.push(edge(1, 1, 1.0, 0))), "edges");
    assert_eq!(changed(&|it| it.edges.push(edge(0, 1, -1.0, 0))), "weights");
    assert_eq!(
        changed(&|it| it.edges.push(edge(0, 1, 1e300, 0))),
        "weights"
    );
    assert_eq!(changed(&|it| it.edges.push(edge(0, 1, 1.0, 1))), "costs");
    assert_eq!(changed(&|it| it.fixed = vec![Some(2), None]), "fixed");
    assert_eq!(changed(&|it| it.allowed = vec![true; 3]), "allowed");
    let limit = Limit {
        from: 0,
        to: 1,
        most: 1.0,
    };
    assert_eq!(changed(&|it| it.limits.push(limit)), "distances");
}
