//! What scoring from a matrix costs, beside the time that the memory takes to hand over the rows.

use std::hint::black_box;
use std::ops::Range;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode};
use memmap2::MmapMut;
use netcore_core::all_pairs::{
    Cells, CostMatrix, Feasible, Options, Pods, Request, Storage, best_of,
};

/// Placed peers of each pod.
const PEERS: usize = 10;
/// Best nodes that are wanted.
const BEST: usize = 8;

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }
}

/// A symmetric matrix without any structure, row-major. What is read is read from pages of the same
/// size as the engine's, so that the limit is that of the memory.
struct Costs(MmapMut);

impl Costs {
    fn new(nodes: usize) -> Self {
        let mut random = Random(1);
        let codes: Vec<usize> = (0..nodes).map(|_| random.below(1 << 20)).collect();
        let mut pages = MmapMut::map_anon(nodes * nodes * size_of::<f32>()).expect("memory");
        #[cfg(target_os = "linux")]
        pages.advise(memmap2::Advice::HugePage).expect("advice");
        let rows = bytemuck::cast_slice_mut(&mut pages).chunks_mut(nodes);
        for (row, code) in rows.zip(&codes) {
            for (cell, other) in row.iter_mut().zip(&codes) {
                *cell = (code ^ other) as f32 / 1e4;
            }
        }
        Self(pages)
    }

    fn cells(&self) -> &[f32] {
        bytemuck::cast_slice(&self.0)
    }
}

fn matrix(costs: &Costs, nodes: usize, storage: Storage) -> CostMatrix {
    let mut cells = Cells::new(nodes).expect("memory");
    for (origin, row) in costs.cells().chunks(nodes).enumerate() {
        cells.row_mut(origin).copy_from_slice(row);
    }
    let options = Options {
        storage,
        ..Options::default()
    };
    CostMatrix::new(cells, &options).expect("sound costs")
}

/// Pods with ten peers each, all different.
struct Batch {
    indptr: Vec<u64>,
    peers: Vec<u32>,
    weights: Vec<f32>,
}

impl Batch {
    fn new(pods: usize, nodes: usize) -> Self {
        let mut random = Random(2);
        Self {
            indptr: (0..=pods).map(|pod| (pod * PEERS) as u64).collect(),
            peers: (0..pods * PEERS)
                .map(|_| random.below(nodes) as u32)
                .collect(),
            weights: (0..pods * PEERS)
                .map(|_| 1.0 + random.below(9) as f32)
                .collect(),
        }
    }

    fn request(&self) -> Request<'_> {
        Request {
            pods: Pods {
                indptr: &self.indptr,
                peers: &self.peers,
                weight_to: Some(&self.weights),
                weight_from: None,
            },
            feasible: Feasible::Everywhere,
            best: BEST,
            matrix: false,
            threads: 1,
        }
    }

    /// The request of one pod alone.
    fn alone(&self, pod: usize) -> Request<'_> {
        let entries = pod * PEERS..(pod + 1) * PEERS;
        let pods = Pods {
            indptr: &[0, PEERS as u64],
            peers: &self.peers[entries.clone()],
            weight_to: Some(&self.weights[entries]),
            weight_from: None,
        };
        Request {
            pods,
            ..self.request()
        }
    }

    /// Read the rows of these pods' peers in their order, and do no more than a sum needs.
    fn stream(&self, costs: &Costs, nodes: usize, pods: Range<usize>) {
        for &peer in &self.peers[pods.start * PEERS..pods.end * PEERS] {
            let start = peer as usize * nodes;
            black_box(sum_of_bits(&costs.cells()[start..start + nodes]));
        }
    }
}

/// Integers add up in any order, so that nothing but the memory holds this up.
fn sum_of_bits(row: &[f32]) -> u32 {
    let (lines, rest) = row.as_chunks::<32>();
    let mut sums = [0_u32; 32];
    for line in lines {
        for (sum, cell) in sums.iter_mut().zip(line) {
            *sum = sum.wrapping_add(cell.to_bits());
        }
    }
    let all = sums
        .into_iter()
        .chain(rest.iter().map(|cell| cell.to_bits()));
    all.fold(0, u32::wrapping_add)
}

fn batch(group: &mut BenchmarkGroup<'_, WallTime>) {
    const NODES: usize = 10_000;
    let costs = Costs::new(NODES);
    let pods = Batch::new(10_000, NODES);
    group.sampling_mode(SamplingMode::Flat).sample_size(10);
    let matrix = matrix(&costs, NODES, Storage::F32);
    group.bench_function("batch_f32_stream", |bencher| {
        bencher.iter(|| pods.stream(&costs, NODES, 0..10_000));
    });
    group.bench_function("batch_f32", |bencher| {
        bencher.iter(|| matrix.score(black_box(&pods.request())).expect("sound"));
    });
}

/// A pod after another, none with the same peers: their rows come from memory.
fn one_pod(group: &mut BenchmarkGroup<'_, WallTime>) {
    const NODES: usize = 15_000;
    const PODS: usize = 2000;
    let costs = Costs::new(NODES);
    let matrix = matrix(&costs, NODES, Storage::F32);
    let pods = Batch::new(PODS, NODES);
    let mut random = Random(3);
    let mask: Vec<bool> = (0..NODES).map(|_| random.below(5) > 0).collect();
    group.sampling_mode(SamplingMode::Auto).sample_size(50);
    let mut pod = 0;
    group.bench_function("one_pod_stream", |bencher| {
        bencher.iter(|| {
            pod = (pod + 1) % PODS;
            pods.stream(&costs, NODES, pod..pod + 1);
        });
    });
    group.bench_function("one_pod", |bencher| {
        bencher.iter(|| {
            pod = (pod + 1) % PODS;
            let request = Request {
                feasible: Feasible::Nodes(&mask),
                ..pods.alone(pod)
            };
            matrix.score(black_box(&request)).expect("sound")
        });
    });
    let rows: Vec<&[f32]> = costs.cells().chunks(NODES).take(8).collect();
    let mut row = 0;
    group.bench_function("cached_row", |bencher| {
        bencher.iter(|| {
            row = (row + 1) % rows.len();
            best_of(black_box(rows[row]), Some(&mask), BEST).expect("fits")
        });
    });
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("all_pairs");
    group
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2));
    batch(&mut group);
    one_pod(&mut group);
    group.finish();
    criterion.final_summary();
}
