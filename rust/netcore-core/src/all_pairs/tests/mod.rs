//! Batches against arithmetic that takes its time.
#![expect(clippy::float_cmp, reason = "costs are copied, not computed")]

mod refusals;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Peers, weights to and from them, of each pod.
type Batch = Vec<Vec<(u32, f32, f32)>>;

#[derive(Debug, Clone)]
struct Case {
    nodes: usize,
    costs: Vec<f32>,
    batch: Batch,
    /// P × N.
    masks: Vec<bool>,
    best: usize,
}

impl Case {
    fn cells(&self) -> Cells {
        let mut cells = Cells::new(self.nodes).expect("small");
        for (origin, row) in self.costs.chunks(self.nodes.max(1)).enumerate() {
            cells.row_mut(origin).copy_from_slice(row);
        }
        cells
    }

    fn matrix(&self, storage: Storage) -> CostMatrix {
        let options = Options {
            storage,
            ..Options::default()
        };
        CostMatrix::new(self.cells(), &options).expect("sound")
    }

    fn score(&self, costs: &CostMatrix, feasible: Feasible<'_>, threads: usize) -> Scores {
        let mut indptr = vec![0];
        indptr.extend(self.batch.iter().scan(0, |end, pod| {
            *end += pod.len() as u64;
            Some(*end)
        }));
        let all = || self.batch.iter().flatten();
        let pods = Pods {
            indptr: &indptr,
            peers: &all().map(|entry| entry.0).collect::<Vec<_>>(),
            weight_to: Some(&all().map(|entry| entry.1).collect::<Vec<_>>()),
            weight_from: Some(&all().map(|entry| entry.2).collect::<Vec<_>>()),
        };
        let request = Request {
            pods,
            feasible,
            best: self.best,
            matrix: true,
            threads,
        };
        costs.score(&request).expect("sound")
    }

    /// `score[p, n]` in f64, of costs as they are stored.
    fn slow(&self, costs: &CostMatrix, pod: usize, node: usize) -> f64 {
        let cost = |from, to| f64::from(costs.link(from, to).expect("a node"));
        let terms = self.batch[pod].iter().map(|&(peer, to, from)| {
            let peer = peer as usize;
            f64::from(to) * cost(node, peer) + f64::from(from) * cost(peer, node)
        });
        terms.sum()
    }

    fn check(&self, costs: &CostMatrix, feasible: Feasible<'_>) -> Result<(), TestCaseError> {
        let scores = self.score(costs, feasible, 1);
        prop_assert_eq!(&scores, &self.score(costs, feasible, 3));
        let matrix = scores.matrix.expect("asked for");
        for pod in 0..self.batch.len() {
            let row = &matrix[pod * self.nodes..(pod + 1) * self.nodes];
            let mask = feasible.of_pod(pod, self.nodes);
            for (node, &score) in row.iter().enumerate() {
                if mask.is_none_or(|mask| mask[node]) {
                    let slow = self.slow(costs, pod, node);
                    let error = (f64::from(score) - slow).abs();
                    // By zones, a measured link is a difference to a cost that may be much larger.
                    let differences = match costs.storage() {
                        Storage::Zones => {
                            let weights = self.batch[pod].iter().map(|(_, to, from)| to + from);
                            f64::from(f32::EPSILON * 100.0 * weights.sum::<f32>())
                        }
                        _ => 0.0,
                    };
                    prop_assert!(
                        error <= 1e-5 * slow + 1e-4 + differences,
                        "{} {} {}",
                        pod,
                        node,
                        error
                    );
                } else {
                    prop_assert_eq!(score, f32::INFINITY);
                }
            }
            let (nodes, of_nodes) = best_of(row, mask, self.best).expect("fits");
            let part = pod * self.best..(pod + 1) * self.best;
            prop_assert_eq!(&scores.best_nodes[part.clone()], nodes);
            prop_assert_eq!(&scores.best_scores[part], of_nodes);
        }
        Ok(())
    }
}

fn cost() -> impl Strategy<Value = f32> {
    prop_oneof![0.0..100.0_f32, (0_u8..3).prop_map(f32::from)]
}

fn case(nodes: impl Strategy<Value = usize>) -> impl Strategy<Value = Case> {
    (nodes, 0_usize..8, 0_usize..12, any::<bool>())
        .prop_flat_map(|(nodes, pods, best, is_symmetric)| {
            let entry = (
                0..nodes.max(1) as u32,
                0.0..10.0_f32,
                prop_oneof![Just(0.0), 0.0..10.0_f32],
            );
            let peers = if nodes == 0 { 0..1 } else { 0..12 };
            let batch = vec(vec(entry, peers), pods);
            let costs = vec(cost(), nodes * nodes);
            let masks = vec(any::<bool>(), pods * nodes);
            (Just((nodes, best, is_symmetric)), costs, batch, masks)
        })
        .prop_map(
            |((nodes, best, is_symmetric), mut costs, mut batch, masks)| {
                if is_symmetric {
                    for cell in 0..nodes * nodes {
                        costs[cell] = costs[cell % nodes * nodes + cell / nodes];
                    }
                }
                // Replicas, and one that names its peers in another order.
                batch.extend(batch.clone());
                if let Some(replica) = batch.last_mut() {
                    replica.reverse();
                }
                let masks = masks.repeat(2);
                Case {
                    nodes,
                    costs,
                    batch,
                    masks,
                    best,
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn scores_are_the_weighted_sums(case in case(prop_oneof![0_usize..40, 60_usize..70])) {
        for storage in [Storage::F32, Storage::U16] {
            let costs = case.matrix(storage);
            case.check(&costs, Feasible::Everywhere)?;
            case.check(&costs, Feasible::NodesOfPods(&case.masks))?;
            if !case.batch.is_empty() {
                case.check(&costs, Feasible::Nodes(&case.masks[..case.nodes]))?;
            }
        }
    }

    #[test]
    fn sixteen_bits_are_off_by_half_a_step(case in case(1_usize..20)) {
        let (exact, coarse) = (case.matrix(Storage::F32), case.matrix(Storage::U16));
        let range = f64::from(case.costs.iter().copied().fold(0.0, f32::max));
        for (cell, &cost) in case.costs.iter().enumerate() {
            let (origin, destination) = (cell / case.nodes, cell % case.nodes);
            prop_assert_eq!(exact.link(origin, destination).expect("a node"), cost);
            let stored = coarse.link(origin, destination).expect("a node");
            let error = (f64::from(stored) - f64::from(cost)).abs();
            let rounding = range * f64::from(f32::EPSILON);
            prop_assert!(error <= range / 131_070.0 + rounding, "{} {}", cost, stored);
        }
    }

    #[test]
    fn links_set_later_are_as_if_they_had_been_there(
        case in case(1_usize..40),
        changes in vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0.0..50.0_f32, any::<bool>()), 0..8),
    ) {
        for storage in [Storage::F32, Storage::U16, Storage::Zones] {
            let zones: Vec<u32> = (0..case.nodes as u32).map(|node| node % 5).collect();
            let options = Options { storage, zones: Some(&zones), largest_cost: 100.0, ..Options::default() };
            let mut costs = CostMatrix::new(case.cells(), &options).expect("sound");
            let mut after = case.clone();
            for (origin, destination, cost, both) in &changes {
                let (origin, destination) = (origin.index(case.nodes), destination.index(case.nodes));
                after.costs[origin * case.nodes + destination] = *cost;
                if *both {
                    after.costs[destination * case.nodes + origin] = *cost;
                    costs.set_both(origin, destination, *cost).expect("sound");
                } else {
                    costs.set_link(origin, destination, *cost).expect("sound");
                }
            }
            let rebuilt = CostMatrix::new(after.cells(), &options).expect("sound");
            for (cell, &cost) in after.costs.iter().enumerate() {
                let (origin, destination) = (cell / case.nodes, cell % case.nodes);
                let link = |costs: &CostMatrix| costs.link(origin, destination).expect("a node");
                prop_assert_eq!(link(&costs), link(&rebuilt));
                prop_assert!(storage == Storage::U16 || link(&costs) == cost);
            }
            after.check(&costs, Feasible::Everywhere)?;
        }
    }

    #[test]
    fn by_zones_unknown_links_cost_what_their_zones_do(
        case in case(1_usize..40),
        known in vec(any::<bool>(), 1600),
        tolerance in prop_oneof![Just(0.0), 0.0..1.0_f32],
    ) {
        let zones: Vec<u32> = (0..case.nodes as u32).map(|node| node * 7 % 4 * 1000).collect();
        let mut sparse = case.clone();
        for (cost, is_known) in sparse.costs.iter_mut().zip(known) {
            *cost = if is_known { *cost } else { f32::NAN };
        }
        let with = |storage| {
            let options = Options { storage, zones: Some(&zones), unknown: Some(3.0), tolerance, ..Options::default() };
            CostMatrix::new(sparse.cells(), &options).expect("sound")
        };
        let (zoned, dense) = (with(Storage::Zones), with(Storage::F32));
        for (cell, &cost) in sparse.costs.iter().enumerate() {
            let (origin, destination) = (cell / case.nodes, cell % case.nodes);
            let link = zoned.link(origin, destination).expect("a node");
            if cost.is_nan() {
                prop_assert_eq!(link, dense.link(origin, destination).expect("a node"));
            } else {
                prop_assert!((link - cost).abs() <= tolerance * cost);
            }
        }
        sparse.check(&zoned, Feasible::NodesOfPods(&case.masks))?;
    }
}

#[test]
fn blocks_and_threads_change_no_bit() {
    let nodes = 2500;
    let mut random = 7_u64;
    let mut draw = || {
        random = crate::hash::mix(random);
        random
    };
    let costs: Vec<f32> = (0..nodes * nodes)
        .map(|_| (draw() % 10_007) as f32 / 100.0)
        .collect();
    let pod = |draw: &mut dyn FnMut() -> u64| {
        let peer = |_| {
            let node = (draw() % nodes as u64) as u32;
            (node, (draw() % 9) as f32 / 3.0, (draw() % 3) as f32)
        };
        (0..11).map(peer).collect::<Vec<_>>()
    };
    let batch: Batch = (0..70).map(|_| pod(&mut draw)).collect();
    let case = Case {
        nodes,
        masks: (0..batch.len() * nodes).map(|_| draw() % 3 > 0).collect(),
        costs,
        batch,
        best: 8,
    };
    for storage in [Storage::F32, Storage::U16] {
        let matrix = case.matrix(storage);
        let one = case.score(&matrix, Feasible::NodesOfPods(&case.masks), 1);
        for threads in [0, 2, 5] {
            assert_eq!(
                one,
                case.score(&matrix, Feasible::NodesOfPods(&case.masks), threads)
            );
        }
        // Each alone gives what all give.
        for pod in [0, 69] {
            let alone = Case {
                batch: vec![case.batch[pod].clone()],
                ..case.clone()
            };
            let scores = alone
                .score(&matrix, Feasible::Everywhere, 0)
                .matrix
                .expect("asked for");
            let all = one.matrix.as_ref().expect("asked for");
            for node in 0..nodes {
                if case.masks[pod * nodes + node] {
                    assert_eq!(scores[node].to_bits(), all[pod * nodes + node].to_bits());
                }
            }
        }
    }
}

#[test]
fn a_dense_matrix_takes_little_more_than_its_cells_and_a_symmetric_one_half() {
    for nodes in [160, 161, 500] {
        for storage in [Storage::F32, Storage::U16] {
            let bytes = if storage == Storage::U16 { 2 } else { 4 };
            let cells = nodes * nodes * bytes;
            let case = Case {
                nodes,
                costs: vec![1.0; nodes * nodes],
                batch: vec![],
                masks: vec![],
                best: 0,
            };
            let mut matrix = case.matrix(storage);
            assert!(matrix.is_symmetric());
            // An odd number of lines is less than two lines more than the cells need.
            let most = |matrices: usize| matrices * (cells + nodes * 2 * 64);
            assert!(matrix.nbytes() <= most(1), "{nodes}");
            matrix.set_both(3, 4, 0.5).expect("sound");
            assert!(matrix.is_symmetric());
            matrix.set_link(3, 5, 0.5).expect("sound");
            assert!(!matrix.is_symmetric() && matrix.nbytes() <= most(2));
        }
    }
}

#[test]
fn what_auto_takes_depends_on_nodes_zones_and_known_cells() {
    let storage = |nodes: usize, known: usize, zones: Option<&[u32]>| {
        let mut cells = Cells::new(nodes).expect("small");
        for origin in 0..nodes {
            cells.row_mut(origin).fill(f32::NAN);
            cells.row_mut(origin)[..known].fill(1.0);
        }
        let options = Options {
            zones,
            unknown: Some(1.0),
            ..Options::default()
        };
        CostMatrix::new(cells, &options).expect("sound").storage()
    };
    let zones = vec![0; 2048];
    assert_eq!(storage(2048, 128, Some(&zones)), Storage::Zones);
    assert_eq!(storage(2048, 129, Some(&zones)), Storage::F32);
    assert_eq!(storage(2047, 1, Some(&zones[..2047])), Storage::F32);
    assert_eq!(storage(2048, 128, None), Storage::F32);
}
