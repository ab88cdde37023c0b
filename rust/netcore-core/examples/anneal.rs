//! Simulated annealing with local search, to compare group placement with.
//!
//! It shares nothing with the engine: pods of one size in slots, exchanged at random, with a
//! temperature that falls geometrically over the time given; then every exchange is tried until
//! none helps. The problem comes in JSON on standard input:
//!
//! `{"slots": [per node], "costs": [[N × N]], "edges": [[from, to, weight]], "seconds", "seed"}`
//!
//! Costs are taken to be the same in both directions. Out comes `{"cost", "proposals"}`, the least
//! cost that was seen, after the local search.

use std::io;
use std::time::Instant;

use serde::Deserialize;

#[derive(Deserialize)]
struct Input {
    slots: Vec<usize>,
    costs: Vec<Vec<f64>>,
    edges: Vec<(usize, usize, f64)>,
    seconds: f64,
    seed: u64,
}

/// Xorshift64*, as good as it need be here.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 11) as usize % bound
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

const EMPTY: usize = usize::MAX;

struct Seats {
    costs: Vec<Vec<f64>>,
    peers: Vec<Vec<(usize, f64)>>,
    node_of: Vec<usize>,
    guest: Vec<usize>,
    seat: Vec<usize>,
}

impl Seats {
    /// Pods in their order, from the first seat on.
    fn new(input: &Input) -> Self {
        let ends = input.edges.iter().flat_map(|&(from, to, _)| [from, to]);
        let pods = ends.max().map_or(0, |last| last + 1);
        let nodes = input.slots.iter().enumerate();
        let node_of: Vec<_> = nodes
            .flat_map(|(node, &slots)| std::iter::repeat_n(node, slots))
            .collect();
        let mut peers = vec![Vec::new(); pods];
        for &(from, to, weight) in &input.edges {
            peers[from].push((to, weight));
            peers[to].push((from, weight));
        }
        let mut guest = vec![EMPTY; node_of.len()];
        for (pod, guest) in guest.iter_mut().enumerate().take(pods) {
            *guest = pod;
        }
        Self {
            costs: input.costs.clone(),
            peers,
            node_of,
            guest,
            seat: (0..pods).collect(),
        }
    }

    fn node(&self, pod: usize) -> usize {
        self.node_of[self.seat[pod]]
    }

    fn total(&self) -> f64 {
        let of_pod = |pod: usize| -> f64 {
            let here = self.node(pod);
            let peers = self.peers[pod].iter();
            peers
                .map(|&(peer, weight)| weight * self.costs[here][self.node(peer)])
                .sum()
        };
        (0..self.seat.len()).map(of_pod).sum::<f64>() / 2.0
    }

    /// What one end of an exchange changes; the pair's own traffic stays what it is.
    fn half(&self, pod: usize, other: usize, to: usize) -> f64 {
        let (old, new) = (&self.costs[self.node(pod)], &self.costs[to]);
        let peers = self.peers[pod].iter().filter(|(peer, _)| *peer != other);
        peers
            .map(|&(peer, weight)| {
                let at = self.node(peer);
                weight * (new[at] - old[at])
            })
            .sum()
    }

    /// What it changes if a pod and whoever is in a seat change places.
    fn change(&self, pod: usize, seat: usize) -> f64 {
        let (here, there) = (self.node(pod), self.node_of[seat]);
        if here == there {
            return 0.0;
        }
        let other = self.guest[seat];
        let mut change = self.half(pod, other, there);
        if other != EMPTY {
            change += self.half(other, pod, here);
        }
        change
    }

    fn exchange(&mut self, pod: usize, seat: usize) {
        let (old, other) = (self.seat[pod], self.guest[seat]);
        self.guest[old] = other;
        if other != EMPTY {
            self.seat[other] = old;
        }
        self.guest[seat] = pod;
        self.seat[pod] = seat;
    }
}

/// Anneals for so many seconds; the best placement is left, and the number of proposals returned.
fn anneal(seats: &mut Seats, seconds: f64, dice: &mut Dice) -> u64 {
    let (pods, places) = (seats.seat.len(), seats.guest.len());
    let sample: f64 = (0..10_000)
        .map(|_| seats.change(dice.below(pods), dice.below(places)).abs())
        .sum();
    let hot = sample / 10_000.0 / 2.0;
    let cold = hot / 500.0;
    let (mut temperature, mut proposals) = (hot, 0_u64);
    let mut cost = seats.total();
    let mut best = (cost, seats.guest.clone());
    let start = Instant::now();
    loop {
        if proposals.is_multiple_of(4096) {
            let passed = start.elapsed().as_secs_f64() / seconds;
            if passed >= 1.0 {
                break;
            }
            temperature = hot * (cold / hot).powf(passed);
        }
        proposals += 1;
        let (pod, seat) = (dice.below(pods), dice.below(places));
        let change = seats.change(pod, seat);
        if change <= 0.0 || dice.unit() < (-change / temperature).exp() {
            seats.exchange(pod, seat);
            cost += change;
            if cost < best.0 - 1e-9 && temperature < hot / 10.0 {
                best = (cost, seats.guest.clone());
            }
        }
    }
    if best.0 < cost {
        seats.guest = best.1;
        for (seat, &pod) in seats.guest.iter().enumerate() {
            if pod != EMPTY {
                seats.seat[pod] = seat;
            }
        }
    }
    proposals
}

/// Tries every exchange until none helps.
fn descend(seats: &mut Seats) {
    loop {
        let before = seats.total();
        for pod in 0..seats.seat.len() {
            for seat in 0..seats.guest.len() {
                if seats.change(pod, seat) < -1e-9 {
                    seats.exchange(pod, seat);
                }
            }
        }
        if seats.total() >= before - 1e-6 {
            return;
        }
    }
}

fn main() -> Result<(), serde_json::Error> {
    let input: Input = serde_json::from_reader(io::stdin().lock())?;
    let mut seats = Seats::new(&input);
    let mut dice = Dice(input.seed | 1);
    let proposals = anneal(&mut seats, input.seconds, &mut dice);
    descend(&mut seats);
    let outcome = serde_json::json!({"cost": seats.total(), "proposals": proposals});
    serde_json::to_writer(io::stdout().lock(), &outcome)
}
