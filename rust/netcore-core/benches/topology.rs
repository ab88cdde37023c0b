//! What the walk along a row of links costs by its form, and a node that comes and goes.

use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;
use netcore_core::NodeId;
use netcore_core::topology::{Direction, Link, Provenance, Storage, Topology};

const NODES: usize = 5000;
const PEERS: usize = 16;

fn peers(node: usize) -> impl Iterator<Item = usize> {
    (1..=PEERS).map(move |stride| (node + 37 * stride) % NODES)
}

fn measure(topology: &mut Topology, node: usize) {
    for peer in peers(node) {
        let link = Link {
            rtt_ms: peer as f32,
            source: Provenance::Measured,
            ..Link::UNKNOWN
        };
        let ends = (NodeId(node as u32), NodeId(peer as u32));
        topology.set(ends.0, ends.1, &link);
        topology.set(ends.1, ends.0, &link);
    }
}

fn measured(storage: Storage) -> Topology {
    let names = (0..NODES).map(|node| format!("n{node}"));
    let mut topology = Topology::new(names).expect("valid").stored(storage);
    for node in 0..NODES {
        measure(&mut topology, node);
    }
    topology
}

/// Known round trips over declared ones, a row of another peer each time.
fn rows(criterion: &mut Criterion) {
    let [dense, sparse] = [Storage::Dense, Storage::Sparse].map(measured);
    let matrix = dense.cells(|link| link.rtt_ms);
    let mut group = criterion.benchmark_group("topology");
    group.sample_size(30);
    group.warm_up_time(Duration::from_millis(300));
    group.measurement_time(Duration::from_millis(1500));
    let mut buffer = vec![1.0_f32; NODES];
    let mut peer = 0;
    let mut next = move || {
        peer = (peer + 7919) % NODES;
        peer
    };
    group.bench_function("slice", |bencher| {
        bencher.iter(|| {
            let start = next() * NODES;
            for (cell, &known) in black_box(&mut buffer)
                .iter_mut()
                .zip(&matrix[start..start + NODES])
            {
                *cell = if known.is_nan() { *cell } else { known };
            }
        });
    });
    for (name, topology) in [("dense_row", &dense), ("sparse_row", &sparse)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let row = topology.rtt_ms().row(next(), Direction::To);
                row.lay_over(black_box(&mut buffer));
            });
        });
    }
    for (name, mut topology) in [("dense_node", dense), ("sparse_node", sparse)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let node = next();
                topology.leave(NodeId(node as u32));
                topology.join(NodeId(node as u32), format!("n{node}").into());
                measure(&mut topology, node);
            });
        });
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    rows(&mut criterion);
    criterion.final_summary();
}
