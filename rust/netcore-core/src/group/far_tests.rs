use super::coarse::coarsened;
use super::hierarchy;
use super::layout::Layout;
use super::random::Random;
use super::tests::forever;
use super::*;

const NODES: usize = 64;
const RACK: usize = 4;
const ZONE: usize = 16;

/// 1 in a rack, 5 in a zone, 20 between zones, each off by up to a tenth; the nodes in any order.
fn costs(random: &mut Random) -> (Vec<usize>, Vec<f32>) {
    let mut places: Vec<usize> = (0..NODES).collect();
    for at in (1..NODES).rev() {
        places.swap(at, random.below(at + 1));
    }
    let mut costs = vec![0.0; NODES * NODES];
    for from in 0..NODES {
        for to in (0..NODES).filter(|&to| to != from) {
            let alike = |size: usize| places[from] / size == places[to] / size;
            let cost = match (alike(RACK), alike(ZONE)) {
                (true, _) => 1.0,
                (false, true) => 5.0,
                (false, false) => 20.0,
            };
            costs[from * NODES + to] = cost * (0.9 + 0.2 * random.unit());
        }
    }
    (places, costs)
}

/// Applications of which each pod calls two of those before it.
fn applications(sizes: &[usize], random: &mut Random) -> Vec<Edge> {
    let mut edges = Vec::new();
    let mut first = 0;
    for &size in sizes {
        for pod in 1..size {
            for _ in 0..2 {
                edges.push(Edge {
                    from: (first + pod) as u32,
                    to: (first + random.below(pod)) as u32,
                    weight: f64::from(1.0 + 9.0 * random.unit()),
                    matrix: 0,
                });
            }
        }
        first += size;
    }
    edges
}

/// Pods that ask for one of the four slots that each node has.
fn arrays(sizes: &[usize], random: &mut Random) -> (Vec<usize>, Arrays) {
    let (places, costs) = costs(random);
    let pods = sizes.iter().sum();
    let arrays = Arrays {
        nodes: NODES,
        pods,
        resources: 1,
        capacities: vec![4; NODES],
        requests: vec![1; pods],
        costs: vec![costs],
        edges: applications(sizes, random),
        ..Arrays::default()
    };
    (places, arrays)
}

/// The same clusters, however they are numbered.
fn agree(places: &[usize], size: usize, clusters: &[u32]) {
    for a in 0..NODES {
        for b in 0..NODES {
            let are_together = places[a] / size == places[b] / size;
            assert_eq!(clusters[a] == clusters[b], are_together, "{a} and {b}");
        }
    }
}

#[test]
fn racks_and_zones_are_found_in_the_costs() {
    let (places, arrays) = arrays(&[20; 12], &mut Random::new(1));
    let problem = Problem::new(arrays).expect("sound arrays");
    let levels = hierarchy::levels(&problem);
    assert_eq!(levels.len(), 3, "nodes, racks and zones");
    let racks = &levels[0].clusters;
    agree(&places, RACK, racks);
    let zone = |&rack: &u32| levels[1].clusters[rack as usize];
    let zones: Vec<_> = racks.iter().map(zone).collect();
    agree(&places, ZONE, &zones);
    assert!(levels[2].clusters.is_empty(), "nothing is above the zones");
    for (level, spacing) in levels.iter().zip([1.0, 5.0, 20.0]) {
        assert!((level.spacing / spacing - 1.0).abs() < 0.1, "{spacing}");
    }
}

#[test]
fn nodes_that_are_alike_have_no_levels() {
    let (_, mut arrays) = arrays(&[20; 12], &mut Random::new(1));
    let flat = |cell: usize| {
        if cell.is_multiple_of(NODES + 1) {
            0.0
        } else {
            3.0
        }
    };
    arrays.costs = vec![(0..NODES * NODES).map(flat).collect()];
    let problem = Problem::new(arrays.clone()).expect("sound arrays");
    let levels = hierarchy::levels(&problem);
    assert_eq!((levels.len(), levels[0].spacing), (1, 3.0));
    arrays.costs = vec![vec![0.0; NODES * NODES]];
    let problem = Problem::new(arrays).expect("sound arrays");
    assert_eq!(hierarchy::levels(&problem).len(), 1);
}

#[test]
fn a_cluster_has_the_room_and_the_mean_costs_of_its_nodes() {
    let arrays = Arrays {
        nodes: 4,
        pods: 3,
        resources: 1,
        // Three fit on the first node once the fixed pod is there, none on the second.
        capacities: vec![11, -5, 4, 6],
        requests: vec![2, 3, 3],
        fixed: vec![Some(0), None, None],
        costs: vec![(0..16_u8).map(f32::from).collect()],
        edges: vec![Edge {
            from: 1,
            to: 2,
            weight: 2.0,
            matrix: 0,
        }],
        distances: vec![
            0.0,
            1.0,
            7.0,
            8.0,
            1.0,
            0.0,
            6.0,
            9.0,
            4.0,
            f32::NAN,
            0.0,
            2.0,
            5.0,
            4.0,
            2.0,
            0.0,
        ],
        limits: vec![Limit {
            from: 1,
            to: 2,
            most: 3.0,
        }],
        allowed: vec![
            true, true, true, true, // the fixed pod
            false, false, true, false, // on the third alone
            true, true, true, true,
        ],
        extra_costs: vec![9.0, 9.0, 9.0, 9.0, 1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 3.0, 4.0],
    };
    let problem = Problem::new(arrays).expect("sound arrays");
    let coarse = coarsened(&problem, &[0, 0, 1, 1]).expect("small figures");
    let coarse = coarse.arrays();
    assert_eq!((coarse.nodes, coarse.pods), (2, 3));
    // Nine are left on the first node, of which the fixed pod's two come on top; three and six.
    assert_eq!(coarse.capacities, [2 + 9, 9]);
    assert_eq!(coarse.fixed, [Some(0), None, None]);
    // The means are 2.5, 4.5, 10.5 and 12.5: every placement pays the least of them.
    assert_eq!(coarse.costs, [[0.0, 2.0, 8.0, 10.0]]);
    assert_eq!(coarse.distances[..2], [0.0, 6.0]);
    assert!(coarse.distances[2].is_nan(), "one of them is not known");
    assert_eq!(coarse.allowed[2..4], [false, true]);
    assert_eq!(coarse.extra_costs[2..], [0.0, 3.0, 1.5, 3.5]);
}

#[test]
fn moves_and_exchanges_at_a_known_price_leave_what_counting_anew_finds() {
    let mut random = Random::new(2);
    let (_, mut arrays) = arrays(&[20; 12], &mut random);
    arrays.requests = (0..240).map(|pod| 1 + i64::from(pod % 7 == 0)).collect();
    arrays.capacities = vec![8; NODES];
    arrays.extra_costs = (0..240 * NODES).map(|_| random.unit()).collect();
    arrays.fixed = (0..240_u32)
        .map(|pod| (pod % 9 == 0).then_some(pod % 64))
        .collect();
    let problem = Problem::new(arrays).expect("sound arrays");
    let mut layout = Layout::new(&problem);
    for &pod in problem.movable() {
        let node = (0..NODES as u32).find(|&node| layout.fits(pod, node));
        layout.put(pod, node.expect("there is room for all"));
    }
    let mut exchanged = 0;
    for _ in 0..2000 {
        let pods = problem.movable();
        let any = |random: &mut Random| pods[random.below(pods.len())];
        let (pod, other) = (any(&mut random), any(&mut random));
        let to = random.below(NODES) as u32;
        let (here, there) = (layout.node(pod), layout.node(other));
        if to != here && layout.fits(pod, to) {
            let change = layout.price(pod, to) - layout.price(pod, here);
            layout.shift(pod, to, change);
        } else if here != there
            && layout.fits_without(pod, there, other)
            && layout.fits_without(other, here, pod)
        {
            let change = layout.price_of_exchange(pod, other);
            layout.exchange(pod, other, change);
            exchanged += 1;
        }
    }
    assert!(exchanged > 100, "{exchanged}");
    let mut anew = Layout::new(&problem);
    anew.become_like(layout.nodes());
    assert!((layout.cost() / anew.cost() - 1.0).abs() < 1e-5);
    layout.recount();
    assert_eq!(layout.cost().to_bits(), anew.cost().to_bits());
    for node in 0..NODES as u32 {
        assert_eq!(layout.room(node), anew.room(node));
        let sorted = |layout: &Layout<'_>| {
            let mut on = layout.on(node).to_vec();
            on.sort_unstable();
            on
        };
        assert_eq!(sorted(&layout), sorted(&anew));
    }
}

/// The pods of each application that are outside the zone of its first.
fn strays(placement: &Placement, places: &[usize], sizes: &[usize]) -> usize {
    let zone = |pod: usize| placement.nodes[pod].map(|node| places[node as usize] / ZONE);
    let mut first = 0;
    let mut strays = 0;
    for &size in sizes {
        let home = zone(first);
        strays += (first..first + size)
            .filter(|&pod| zone(pod) != home)
            .count();
        first += size;
    }
    strays
}

#[test]
fn applications_that_fit_in_zones_stay_in_them() {
    // Three applications of 20 and one of 3 to each zone of 64 slots, in more than one way.
    for seed in 0..4 {
        let sizes = [20, 20, 20, 3].repeat(4);
        let (places, arrays) = arrays(&sizes, &mut Random::new(10 + seed));
        let problem = Problem::new(arrays).expect("sound arrays");
        let mut time_left = forever;
        let mut budget = Budget::new(1_500_000, &mut time_left);
        let placement = place(&problem, None, seed, &mut budget);
        assert_eq!(placement.unplaced, []);
        assert_eq!(strays(&placement, &places, &sizes), 0, "seed {seed}");
    }
}
